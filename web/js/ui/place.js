// A place that was found: kept until the map stands and opened there; before that the state of its road is told in words.

import { lang, t, timeText } from "../i18n.js";
import { h } from "./dom.js";
import { drawStar, starButton } from "./favourites_star.js";
import { askNear, askRoad } from "./search_ask.js";

/** How near a kind of place is looked at. */
const ZOOMS = { address: 17, facility: 17, bus_stop: 17, road: 16, kilometre_post: 16, location: 16, settlement: 15,
  place: 15, plough_route: 13, work_section: 13, route: 14, municipality: 12 };
/** Kinds that are seen as a whole. */
const WHOLE = new Set(["municipality", "plough_route", "work_section"]);
const AGAIN_MS = 60000;
const $ = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** The place of a result of the search. */
export function placeOf(result, networkVersion) {
  return { name: result.label, detail: result.detail, lon: result.lon, lat: result.lat, zoom: ZOOMS[result.kind] ?? 15,
    pieceId: result.piece_id, networkVersion, ...(WHOLE.has(result.kind) && result.bbox ? { bbox: result.bbox } : {}) };
}

/** The position in the middle of a line, by the number of its positions. */
export function middleOf(line) {
  return line[Math.floor((line.length - 1) / 2)];
}

/** What may be said of a direction of a road's card at a moment: past valid_until nothing counts as cleared. */
export function directionText(direction, nowS, language) {
  const isGood = direction.state === "cleared" || direction.state === "clearing";
  const validS = direction.valid_until ? Date.parse(direction.valid_until) / 1000 : Infinity;
  const heading = direction.heading[language];
  if (isGood && nowS >= validS) return t("place_direction_why", { heading, state: t("unknown"), why: t("reason_expired") });
  const state = direction.state_words[language];
  const why = direction.reason_words?.[language]?.replace(/[。.]$/, "");
  if (why) return t("place_direction_why", { heading, state, why });
  if (direction.state !== "cleared" || !direction.cleared_at) return t("place_direction", { heading, state });
  const time = timeText(Date.parse(direction.cleared_at) / 1000, nowS);
  const snow = direction.snow?.words?.[language];
  return t(snow ? "place_direction_snow" : "place_direction_time", { heading, state, time, snow });
}

export class Places {
  #app;
  #strip = h("section", { id: "place", hidden: true });
  #star;
  #road = null; // the card of the place's road, as it was answered
  #problem = "";
  #readAtMs = 0;
  #marker = null;
  place = null;

  constructor(app, favourites) {
    this.#app = app;
    this.favourites = favourites;
    this.#star = starButton(app, favourites, () => this.place);
    favourites.onChange(() => this.#draw());
    $("slot-search").append(this.#strip);
    app.on("place", (place) => this.#open(place));
    app.on("map", () => this.#onMap());
    app.on("tick", () => this.#tick());
    app.on("language", () => {
      if (this.place) this.#read();
    });
    app.on("road", ({ pieceId }) => {
      if (this.place && pieceId !== this.place.pieceId) this.#forget(); // somebody went on to another road
    });
  }

  async #open(given) {
    this.#forget();
    this.place = given;
    const place = await this.#ofTheseRoads(given);
    if (this.place !== given) return; // another one was chosen meanwhile
    this.place = place;
    if (this.#app.page) this.#fly();
    else setView(place);
    if (place.pieceId !== null && place.pieceId !== undefined) {
      this.#app.emit("road", { pieceId: place.pieceId, properties: {}, geometry: null });
      if (!this.#app.page) this.#read();
    }
    this.#draw();
    this.#app.say(t("place_opened", { name: place.name }));
  }

  /** Roads have other ids in another network version: then the road nearest to the place counts. */
  async #ofTheseRoads(place) {
    if (place.pieceId === null || place.networkVersion === this.#app.config.network_version) return place;
    try {
      const found = await askNear(place.lon, place.lat, lang());
      return { ...place, pieceId: found.results[0]?.piece_id ?? null, networkVersion: found.network_version };
    } catch (error) {
      console.warn(error.message);
      return { ...place, pieceId: null };
    }
  }

  #forget() {
    this.place = null;
    this.#road = null;
    this.#problem = "";
    this.#marker?.remove();
    this.#marker = null;
    this.#strip.hidden = true;
  }

  #onMap() {
    if (!this.place) return;
    this.#fly();
    this.#draw();
  }

  #fly() {
    const { map } = this.#app.page;
    const { lon, lat, zoom, bbox } = this.place;
    const animate = !calm.matches;
    if (bbox) map.fitBounds(bbox, { padding: 40, maxZoom: 16, animate });
    else map.easeTo({ center: [lon, lat], zoom: Math.max(zoom, 10), animate });
    const pin = h("div", { class: "place-pin", role: "img", "aria-label": this.place.name });
    this.#marker = new maplibregl.Marker({ element: pin, anchor: "bottom" }).setLngLat([lon, lat]).addTo(map);
  }

  async #read() {
    const { place } = this;
    this.#readAtMs = performance.now();
    if (place.pieceId === null || place.pieceId === undefined) return;
    try {
      const road = await askRoad(place.pieceId, lang());
      if (this.place !== place) return;
      [this.#road, this.#problem] = [road, road ? "" : t("place_no_road")];
    } catch (error) {
      if (this.place !== place) return;
      console.warn(error.message);
      this.#problem = t("search_offline");
    }
    this.#draw();
  }

  #tick() {
    if (!this.place || this.#app.page) return;
    if (performance.now() - this.#readAtMs > AGAIN_MS) this.#read();
    this.#draw();
  }

  /** With the map the card tells of the road; a place without a road keeps its strip. */
  #draw() {
    const { place } = this;
    const hasCard = this.#app.page && place?.pieceId !== null && place?.pieceId !== undefined;
    this.#strip.hidden = !place || Boolean(hasCard);
    if (this.#strip.hidden) return;
    const close = h("button", { type: "button", class: "close", "aria-label": t("close") }, "×");
    close.addEventListener("click", () => {
      this.#forget();
      $("search-box").focus();
    });
    drawStar(this.#star, this.favourites.has(place));
    this.#strip.setAttribute("aria-label", t("place_label"));
    const language = lang();
    const lines = (this.#road?.directions ?? []).filter(({ heading }) => heading[language]) // asked in one language
      .map((direction) => h("li", {}, directionText(direction, this.#app.nowS(), language)));
    const note = this.#problem || (place.pieceId !== null && !this.#road ? t("loading") : "");
    const focused = this.#strip.contains(document.activeElement) ? document.activeElement.className : "";
    this.#strip.replaceChildren(
      h("p", { class: "place-name" }, h("strong", {}, place.name), ` ${place.detail ?? ""}`),
      ...(lines.length > 0 ? [h("p", { class: "hint" }, t("place_nearest", { road: this.#roadName() })), h("ul", {}, ...lines)]
        : []), ...(note ? [h("p", { class: "hint" }, note)] : []), this.#star, close);
    if (focused) this.#strip.querySelector(`.${focused}`)?.focus();
  }

  #roadName() {
    return this.#road.name ?? this.#road.route ?? t("road_unnamed");
  }
}

/** The map opens where the address says, once it is there. */
function setView({ lon, lat, zoom }) {
  const rest = location.hash.slice(1).split("&").filter((part) => part && !part.startsWith("map="));
  const view = `map=${zoom}/${lat.toFixed(5)}/${lon.toFixed(5)}`;
  history.replaceState(history.state, "", `${location.pathname}${location.search}#${[view, ...rest].join("&")}`);
}
