// The list of optional layers: which the server has, which are shown, what each looks like; and the places in sight, for
// whoever does not point at a map. The choice is kept on the device and in the address.

import { serviceUrl } from "../config.js";
import { addWords, lang, t, timeText } from "../i18n.js";
import { readLayerChoice, writeLayerChoice } from "../map/layer_choice.js";
import { colours, overlayColours } from "../map/map.js";
import { GROUPS, chosenIds, offered } from "../map/overlays.js";
import { SYMBOL_LAYERS } from "../map/overlay_style.js";
import { symbolsInSight } from "../map/pick.js";
import words from "../text/map_words.js";
import { h } from "./dom.js";
import { overlayClasses, overlaySwatch } from "./overlay_swatch.js";
import { SymbolCard, kindText, symbolName } from "./symbol_card.js";

addWords(words);

const TIMEOUT_MS = 15000;
const RETRY_MS = 10000;
const LIVE_MS = 600000; // snow and cameras are drawn anew so often
const LIVE_SOURCES = ["snow", "cameras", "work_sections"];
const LISTED_MAX = 40;
const ID = "layers";

async function fetchJson(path) {
  const response = await fetch(serviceUrl(path), { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  return response.json();
}

/** What the server has to offer: [overlay]. Throws where it cannot be asked. */
export async function fetchOffered() {
  const [{ layers }, { rasters }] = await Promise.all([fetchJson("layers.json"), fetchJson("raster")]);
  return offered(layers, rasters);
}

export function overlayTitle({ id, raster }) {
  if (raster) return (lang() === "ja" ? raster.title_ja : raster.title) || raster.id;
  return t(`overlay_${id}`);
}

function overlayAbout({ id, raster }, nowS) {
  if (!raster) return t(`overlay_${id}_about`);
  const time = timeText(Date.parse(raster.taken_at) / 1000, nowS);
  return t("overlay_raster_about", { time, attribution: raster.attribution ?? "" });
}

class LayerList {
  #app;
  #choice = readLayerChoice();
  #overlays = [];
  #list = h("div", { class: "layer-groups" });
  #note = h("p", { class: "hint", role: "status" });
  #inSight = h("ul", { class: "in-sight" });
  #details;
  #card;

  constructor(app) {
    this.#app = app;
    this.#build();
    this.#card = new SymbolCard(app, document.getElementById("slot-sheet"));
    app.page.onSymbol = (point) => this.#card.pick(point);
    app.on("language", () => this.#render());
    app.on("theme", () => this.#render());
    app.page.map.on("moveend", () => { if (this.#details.open) this.#listInSight(); });
    setInterval(() => this.#drawLiveAnew(), LIVE_MS);
    this.#load();
  }

  #build() {
    const button = h("button", {
      id: "layers-button", type: "button", "data-t": "layers", "aria-controls": ID, "aria-expanded": "false",
    }, t("layers"));
    button.addEventListener("click", () => this.#toggle());
    document.getElementById("slot-tools").append(button);
    this.#details = h("details", { class: "sight" }, h("summary", { "data-t": "layers_in_view" }, t("layers_in_view")),
      this.#inSight);
    this.#details.addEventListener("toggle", () => this.#listInSight());
    const close = h("button", { class: "close", type: "button", "data-t-label": "close", "aria-label": t("close") }, "×");
    close.addEventListener("click", () => this.#app.panels.close(ID));
    document.getElementById("slot-sheet").append(
      h("section", { id: ID, class: "panel", role: "dialog", "aria-labelledby": "layers-title", hidden: true },
        h("div", { class: "panel-head" }, h("h2", { id: "layers-title", "data-t": "layers" }, t("layers")), close),
        h("div", { class: "panel-body" },
          h("p", { class: "hint", "data-t": "layers_about" }, t("layers_about")), this.#note, this.#list, this.#details)));
  }

  #toggle() {
    if (!document.getElementById(ID).hidden) {
      this.#app.panels.close(ID);
      return;
    }
    this.#app.panels.open(ID);
    this.#load(); // rows come and go
    this.#listInSight();
  }

  async #load() {
    try {
      const overlays = await fetchOffered();
      const isSame = JSON.stringify(overlays) === JSON.stringify(this.#overlays);
      this.#overlays = overlays;
      this.#note.textContent = "";
      if (!isSame) this.#show();
    } catch (error) {
      console.warn(error.message);
      if (this.#overlays.length === 0) {
        this.#note.textContent = t("layers_failed");
        setTimeout(() => this.#load(), RETRY_MS);
      }
    }
  }

  #on() {
    return chosenIds(this.#overlays, this.#choice);
  }

  #show() {
    this.#app.page.roadMap.setOverlays(this.#overlays, this.#on());
    this.#render();
  }

  #choose(id, isOn) {
    this.#choice = { ...this.#choice, [id]: isOn };
    writeLayerChoice(this.#choice);
    this.#app.page.roadMap.setOverlays(this.#overlays, this.#on());
    this.#showInLegend();
    this.#app.page.map.once("idle", () => this.#listInSight());
  }

  #render() {
    const on = this.#on();
    const groups = GROUPS.map((group) => [group, this.#overlays.filter((overlay) => overlay.group === group)]);
    this.#list.replaceChildren(...groups.filter(([, own]) => own.length > 0).map(([group, own]) => h("fieldset", {},
      h("legend", {}, t(`group_${group}`)), ...own.map((overlay) => this.#row(overlay, on.has(overlay.id))))));
    this.#showInLegend();
    this.#listInSight();
  }

  #row(overlay, isOn) {
    const box = h("input", { type: "checkbox", id: `layer-${overlay.id}`, checked: isOn });
    box.addEventListener("change", () => this.#choose(overlay.id, box.checked));
    const about = overlayAbout(overlay, this.#app.nowS());
    return h("div", { class: "layer" },
      h("label", { for: `layer-${overlay.id}` }, box,
        h("span", { class: "layer-swatch" }, ...overlaySwatch(overlay, colours(), overlayColours())),
        h("span", { class: "layer-name" }, overlayTitle(overlay))),
      about ? h("p", { class: "hint" }, about) : null, overlayClasses(overlay, overlayColours()));
  }

  /** What is on stands in the legend of the map too. */
  #showInLegend() {
    const body = document.getElementById("legend-body");
    const on = this.#on();
    // restrictions and ploughs have entries of their own there
    const shown = this.#overlays.filter(({ id, isAlways }) => on.has(id) && !isAlways);
    body.querySelector(".legend-overlays")?.remove();
    if (shown.length === 0) return;
    body.append(h("section", { class: "legend-entry legend-overlays" }, h("h3", {}, t("legend_shown")),
      ...shown.map((overlay) => h("div", { class: "layer-line" },
        h("span", { class: "layer-swatch" }, ...overlaySwatch(overlay, colours(), overlayColours())),
        h("span", {}, overlayTitle(overlay)), overlayClasses(overlay, overlayColours())))));
  }

  #listInSight() {
    if (!this.#details.open) return;
    const symbols = symbolsInSight(this.#app.page.map, SYMBOL_LAYERS, LISTED_MAX);
    const rows = symbols.map((symbol) => {
      const button = h("button", { type: "button", class: "plain" }, `${symbolName(symbol)}（${kindText(symbol)}）`);
      button.addEventListener("click", () => {
        this.#app.panels.close(ID);
        this.#card.open(symbol);
      });
      return h("li", {}, button);
    });
    const none = h("li", { class: "hint" }, t("layers_none_in_view"));
    this.#inSight.replaceChildren(...(rows.length > 0 ? rows : [none]));
  }

  #drawLiveAnew() {
    if (document.hidden || this.#app.isOffline) return;
    for (const source of LIVE_SOURCES) if (this.#app.page.map.getSource(source)) this.#app.page.map.refreshTiles(source);
  }
}

export function mount(app) {
  new LayerList(app); // lives as long as the page
}
