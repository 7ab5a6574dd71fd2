// The interactive map and all that needs it. Loaded after the first view; `app` is what app.js makes.

import { roadInAddress } from "../address.js";
import { mountParts } from "../app.js";
import { nowS } from "../clock.js";
import { fetchConfig, serviceUrl } from "../config.js";
import { t } from "../i18n.js";
import { MAP_STYLES, WITH_MAP } from "../parts.js";
import { startStates } from "../states.js";
import { fillLegend } from "../ui/legend.js";
import { coveredByPanels, openLegendWhereThereIsRoom } from "../ui/panels.js";
import { startClosures } from "./closures.js";
import { RoadMap, colours, room } from "./map.js";
import { emptyLines, roadAt } from "./pick.js";
import { startPloughs } from "./ploughs.js";
import { RoadPainter } from "./roads.js";
import { watchTiles } from "./tile_ids.js";

const LIBRARY = "vendor/maplibre/maplibre-gl.js";
const $ = (id) => document.getElementById(id);

export class Page {
  #app;

  constructor(app) {
    this.#app = app;
    this.closures = [];
    this.roadMap = new RoadMap($("map"), app.config);
    this.map = this.roadMap.map;
    this.painter = new RoadPainter(this.map);
    this.roadMap.isPainting = () => this.painter.isPainting;
    this.onSymbol = () => false; // (point) -> whether a symbol lies there, which is then told; ui/layers.js sets it
    watchTiles((ids, tile) => this.painter.see(ids, tile));
    this.isReady = false;
    app.on("snapshot", (snapshot) => this.onSnapshot(snapshot));
    app.on("tick", () => this.paint());
    app.on("road", (road) => this.onRoad(road));
    app.on("language", () => this.relabel());
    app.on("theme", () => this.relabel());
  }

  /** Resolves once the map stands. */
  stand() {
    return new Promise((done) => { this.map.once("load", done); });
  }

  ready() {
    this.isReady = true;
    this.map.on("click", ({ point }) => this.pick(point));
    this.map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // else the same key would press the close button of the card that it opens
      this.pickMiddle();
    });
    startPloughs((points) => this.roadMap.show("ploughs", points), nowS);
    startClosures((features) => this.onClosures(features), nowS);
    this.paint();
  }

  onClosures(features) {
    this.closures = features;
    this.roadMap.show("closures", { type: "FeatureCollection", features });
    this.#app.emit("closures", features);
  }

  onSnapshot(snapshot) {
    if (snapshot.roadsVersion !== this.#app.config.roads_version) this.renew();
    this.paint();
  }

  /** The roads themselves have changed: their tiles have another address. */
  async renew() {
    try {
      this.#app.config = await fetchConfig();
    } catch (error) {
      console.warn(error.message); // the next snapshot tries again
      return;
    }
    this.roadMap.setConfig(this.#app.config);
    this.painter.reset();
    this.paint();
  }

  paint() {
    const snapshot = this.#app.snapshot();
    if (!this.isReady || !snapshot || snapshot.isPast) return; // the past paints itself, what is in sight (time/past.js)
    if (snapshot.roadsVersion !== this.#app.config.roads_version) return;
    if (this.painter.paint(snapshot, nowS()) > 0) this.roadMap.setBusy(true);
    document.body.dataset.statusVersion = snapshot.statusVersion;
  }

  pickMiddle() {
    this.pick(this.map.project(this.map.getCenter()));
  }

  pick(point) {
    if (this.onSymbol(point)) return;
    const road = roadAt(this.map, point);
    if (road) this.choose(road);
    else {
      if (this.#app.road !== null) this.#app.emit("road", { pieceId: null });
      this.#app.say(t("nothing_here"));
    }
  }

  /** {pieceId, properties?, geometry?} */
  choose(road) {
    this.#app.emit("road", road);
  }

  onRoad({ pieceId, geometry }) {
    if (pieceId === null) this.roadMap.show("chosen", emptyLines());
    else if (geometry) this.roadMap.show("chosen", feature(geometry));
  }

  /** Draws the chosen road and brings it into sight. */
  showChosen(geometry) {
    this.roadMap.show("chosen", feature(geometry));
    this.roadMap.reveal(geometry, coveredByPanels());
  }

  relabel() {
    fillLegend($("legend-body"), colours());
    this.roadMap.restyle();
  }
}

function feature(geometry) {
  return { type: "Feature", properties: {}, geometry };
}

/** Loads what the map needs, opens it and mounts the parts that live with it. */
export async function openMap(app) {
  startStates(app); // their bytes come before the map's
  await Promise.all([loadLibrary(), ...MAP_STYLES.map(loadStyle)]);
  const isPlaced = /[#&]map=/.test(location.hash);
  const page = new Page(app);
  fillLegend($("legend-body"), colours());
  openLegendWhereThereIsRoom();
  await page.stand();
  page.ready();
  app.page = page;
  await mountParts(app, WITH_MAP, new URL("../parts.js", import.meta.url));
  const asked = app.road ?? { pieceId: roadInAddress(), properties: {}, geometry: null };
  document.body.classList.add("is-ready");
  page.map.resize(); // parts may have taken some of its height
  if (!isPlaced) page.map.fitBounds(app.config.bbox, { padding: room(), animate: false });
  app.emit("map", page);
  if (asked.pieceId !== null) page.choose(asked);
}

function loadLibrary() {
  if (globalThis.maplibregl) return undefined;
  const script = document.createElement("script");
  script.src = serviceUrl(LIBRARY);
  return inHead(script, LIBRARY);
}

function loadStyle(path) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = serviceUrl(path);
  return inHead(link, path);
}

function inHead(element, path) {
  return new Promise((done, fail) => {
    element.addEventListener("load", done);
    element.addEventListener("error", () => {
      element.remove();
      fail(new Error(`${path} did not come`));
    });
    document.head.append(element);
  });
}
