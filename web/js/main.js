// Wires the page: configuration, map, feed, clock, legend and card. No rules live here.

import { roadInAddress, setRoadInAddress } from "./address.js";
import { every, nowS, setFromAnswer, setFromEvent } from "./clock.js";
import { fetchConfig, loadConfig } from "./config.js";
import { applyLanguage, setTimeZone, t, toggleLanguage } from "./i18n.js";
import { RoadMap, colours, onTheme } from "./map/map.js";
import { startClosures } from "./map/closures.js";
import { emptyLines, roadAt } from "./map/pick.js";
import { startPloughs } from "./map/ploughs.js";
import { RoadPainter } from "./map/roads.js";
import { watchTiles } from "./map/tile_ids.js";
import { startFeed } from "./status/feed.js";
import { Card } from "./ui/card.js";
import { showClosures } from "./ui/closures.js";
import { fillLegend } from "./ui/legend.js";
import { say, setEvent, setOffline, setSynthetic, showNotices } from "./ui/notices.js";
import { coveredByPanels, setUpPanels } from "./ui/panels.js";

const TICK_MS = 10000;
const $ = (id) => document.getElementById(id);

class Page {
  constructor(config) {
    this.config = config;
    this.snapshot = null;
    this.closures = [];
    this.roadMap = new RoadMap($("map"), config);
    this.map = this.roadMap.map;
    this.painter = new RoadPainter(this.map);
    watchTiles((ids) => this.painter.see(ids));
    this.card = new Card($("card"), $("card-body"), () => ({ snapshot: this.snapshot, colours: colours() }),
      (geometry) => this.showChosen(geometry));
    this.isReady = false;
    this.map.once("load", () => this.ready());
  }

  ready() {
    this.isReady = true;
    this.map.on("click", ({ point }) => this.pick(point));
    this.map.getCanvas().addEventListener("keydown", (event) => { if (event.key === "Enter") this.pickMiddle(); });
    startPloughs((points) => this.roadMap.show("ploughs", points), nowS);
    startClosures((features) => this.onClosures(features), nowS);
    this.paint();
    const asked = roadInAddress();
    if (asked !== null) this.choose({ pieceId: asked, properties: {}, geometry: null });
    document.body.classList.add("is-ready");
  }

  onClosures(features) {
    this.closures = features;
    this.roadMap.show("closures", { type: "FeatureCollection", features });
    this.showClosures();
  }

  showClosures() {
    showClosures($("card-closures"), this.closures, this.card.pieceId, colours(), nowS());
  }

  onSnapshot(snapshot) {
    this.snapshot = snapshot;
    setSynthetic(snapshot.isSynthetic || this.config.synthetic);
    setEvent(snapshot.event);
    if (snapshot.roadsVersion !== this.config.roads_version) this.renew();
    this.tick();
  }

  /** The roads themselves have changed: their tiles have another address. */
  async renew() {
    try {
      this.config = await fetchConfig();
    } catch (error) {
      console.warn(error.message); // the next snapshot tries again
      return;
    }
    this.roadMap.setConfig(this.config);
    this.painter.reset();
    this.paint();
  }

  tick() {
    showNotices();
    this.paint();
    this.card.refresh();
    this.showClosures();
  }

  paint() {
    if (!this.isReady || !this.snapshot) return;
    if (this.snapshot.roadsVersion !== this.config.roads_version) return;
    if (this.painter.paint(this.snapshot, nowS()) > 0) this.roadMap.setBusy(true);
    document.body.dataset.statusVersion = this.snapshot.statusVersion;
  }

  pickMiddle() {
    this.pick(this.map.project(this.map.getCenter()));
  }

  pick(point) {
    const road = roadAt(this.map, point);
    if (road) this.choose(road);
    else {
      this.unchoose();
      say(t("nothing_here"));
    }
  }

  choose(road) {
    if (road.geometry) this.roadMap.show("chosen", feature(road.geometry));
    setRoadInAddress(road.pieceId);
    say(this.card.open(road));
    this.showClosures();
  }

  unchoose() {
    if (this.card.pieceId === null) return;
    this.card.close();
    this.roadMap.show("chosen", emptyLines());
    setRoadInAddress(null);
  }

  showChosen(geometry) {
    this.roadMap.show("chosen", feature(geometry));
    this.roadMap.reveal(geometry, coveredByPanels());
  }

  relabel() {
    applyLanguage();
    fillLegend($("legend-body"), colours());
    this.roadMap.restyle();
    showNotices();
    this.card.render();
    this.showClosures();
  }
}

function feature(geometry) {
  return { type: "Feature", properties: {}, geometry };
}

async function start() {
  applyLanguage();
  fillLegend($("legend-body"), colours());
  const config = await loadConfig(() => setOffline(true));
  setTimeZone(config.timezone ?? "Asia/Tokyo");
  setSynthetic(config.synthetic);
  const page = new Page(config);
  setUpPanels({ closeCard: () => page.unchoose() });
  $("language").addEventListener("click", toggleLanguage);
  document.addEventListener("yukimichi:language", () => page.relabel());
  onTheme(() => page.relabel());
  startFeed({
    contact: (response) => { setFromAnswer(response); setOffline(false); },
    event: (asOf) => { setFromEvent(asOf); setOffline(false); },
    snapshot: (snapshot) => page.onSnapshot(snapshot),
    failure: (error) => { console.warn(error.message); setOffline(true); },
  });
  every(TICK_MS, () => page.tick());
}

start().catch((error) => {
  const notice = $("offline");
  notice.hidden = false;
  notice.textContent = t("map_failed", { why: error.message });
  throw error;
});
