// The card of a symbol on the map: hospital, shelter, snow dump, bus stop, camera, plough. It opens by a tap, by Enter on
// the middle of the map, and from the list of places in sight.

import { serviceUrl } from "../config.js";
import { has, lang, t, timeText } from "../i18n.js";
import { roadAt, symbolAt } from "../map/pick.js";
import { SYMBOL_LAYERS } from "../map/overlay_style.js";
import { CameraView, intervalText, problemText } from "./camera.js";
import { h } from "./dom.js";

const TIMEOUT_MS = 12000;
const ID = "symbol";

const KINDS = { cameras: "camera", bus_stops: "bus_stop", ploughs: "plough" };

/** The kind in words, "Hospital". */
export function kindText({ collection, properties }) {
  const kind = KINDS[collection] ?? properties.kind;
  return has(`kind_${kind}`) ? t(`kind_${kind}`) : t("kind_other");
}

/** The name in the page's language. */
export function symbolName({ collection, properties }) {
  const { name, name_en: english } = properties;
  const own = lang() === "ja" ? name || english : english || name;
  return own || (collection === "ploughs" ? t("kind_plough") : t("symbol_unnamed"));
}

function phoneLink(number) {
  return h("a", { href: `tel:${number.replace(/[^+0-9]/g, "")}`, class: "phone" }, number);
}

function facilityRows(place) {
  return [
    ["place_address", place.address], ["place_phone", place.phone && phoneLink(place.phone)],
    ["place_opening", place.opening],
    ["place_capacity", place.capacity && t("place_capacity_text", { n: place.capacity })],
  ];
}

function stopRows(stop) {
  const n = stop.departures_weekday;
  return [
    ["bus_routes_here", stop.routes],
    ["bus_departures", n === undefined ? null : t("bus_departures_text", { n: Math.round(n) })],
    ["bus_agency", stop.agency],
  ];
}

function ploughRows(plough, nowS) {
  const seen = Date.parse(plough.observed_at) / 1000;
  return [
    ["plough_number", plough.plough_id], ["plough_seen", Number.isNaN(seen) ? null : timeText(seen, nowS)],
    ["treatment", plough.treatment && t(`treatment_${plough.treatment}`)],
  ];
}

const ROWS = {
  facilities: facilityRows,
  bus_stops: stopRows,
  ploughs: ploughRows,
  cameras: (camera) => [
    ["camera_road", camera.road], ["camera_interval", camera.interval_s && intervalText(camera)],
    ["camera_problem", problemText(camera)],
  ],
};

function hints({ collection, properties }) {
  const shelter = ["shelter", "emergency_site"].includes(properties.kind);
  return [
    shelter ? t("shelter_about") : null,
    collection === "bus_stops" ? t("bus_about") : null,
    properties.is_expired ? t("bus_expired", { date: properties.valid_to }) : null,
    properties.is_silent ? t("plough_silent") : null,
    properties.attribution ? t("data_from", { who: properties.attribution }) : null,
    properties.synthetic ? t("symbol_synthetic") : null,
  ].filter(Boolean).map((text) => h("p", { class: "hint" }, text));
}

/** Tiles leave out what is null and the map gives texts alone; a plough is asked for in full. */
async function inFull({ collection, properties }) {
  if (collection !== "ploughs" || !properties.plough_id) return properties;
  const url = `${serviceUrl("ogc/collections/ploughs/items")}/${encodeURIComponent(properties.plough_id)}?f=json`;
  const response = await fetch(url, { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
  return response.ok ? (await response.json()).properties : properties; // gone by now: what the map knew of it
}

export class SymbolCard {
  #app;
  #root;
  #body;
  #title;
  #picture;
  #symbol = null;
  #camera = null;

  constructor(app, slot) {
    this.#app = app;
    this.#title = h("h2", { id: "symbol-title" });
    this.#picture = h("div", { class: "camera" });
    this.#body = h("div", {});
    this.#root = h("section", { id: ID, class: "panel", role: "dialog", "aria-labelledby": "symbol-title", hidden: true },
      h("div", { class: "panel-head" }, this.#title,
        h("button", { class: "close", type: "button", "data-t-label": "close", "aria-label": t("close") }, "×")),
      h("div", { class: "panel-body" }, this.#picture, this.#body));
    slot.append(this.#root);
    this.#root.querySelector(".close").addEventListener("click", () => this.close());
    app.on("road", ({ pieceId }) => { if (pieceId !== null) this.close(); });
    app.on("language", () => this.render());
    app.on("tick", () => this.#camera?.render());
  }

  /** Opens the card of the symbol at a point of the screen; false where none is. */
  pick(point) {
    const symbol = symbolAt(this.#app.page.map, point, SYMBOL_LAYERS);
    if (symbol) this.open(symbol);
    else if (this.#symbol) this.close();
    return symbol !== null;
  }

  /** {collection, properties, lonLat} */
  open(symbol) {
    this.#camera?.stop();
    this.#camera = null;
    this.#symbol = symbol;
    this.#picture.replaceChildren();
    if (this.#app.road !== null) this.#app.emit("road", { pieceId: null });
    if (symbol.collection === "cameras") {
      this.#camera = new CameraView(this.#picture, symbol.properties, {
        name: () => symbolName(symbol), nowS: () => this.#app.nowS(),
      });
    }
    this.render();
    this.#app.panels.open(ID);
    this.#app.say(`${kindText(symbol)}: ${symbolName(symbol)}`);
    this.#complete(symbol);
  }

  async #complete(symbol) {
    try {
      symbol.properties = await inFull(symbol);
    } catch (error) {
      console.warn(error.message); // what the map knew stands
    }
    if (this.#symbol === symbol) this.render();
  }

  close() {
    this.#symbol = null;
    this.#camera?.stop();
    this.#camera = null;
    this.#app.panels.close(ID);
  }

  render() {
    const symbol = this.#symbol;
    if (!symbol) return;
    this.#title.textContent = symbolName(symbol);
    const rows = ROWS[symbol.collection](symbol.properties, this.#app.nowS()).filter(([, value]) => value);
    this.#camera?.render();
    this.#body.replaceChildren(
      h("p", { class: "symbol-kind" }, kindText(symbol)),
      h("dl", { class: "symbol-rows" }, ...rows.map(([key, value]) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, value)))),
      ...hints(symbol), ...this.#roadButton(symbol));
  }

  #roadButton({ lonLat }) {
    const { page } = this.#app;
    const road = roadAt(page.map, page.map.project(lonLat), 60);
    if (!road) return [];
    const button = h("button", { type: "button", class: "plain" }, t("show_state_here"));
    button.addEventListener("click", () => page.choose(road));
    return [button];
  }
}
