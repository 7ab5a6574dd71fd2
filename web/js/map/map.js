// The MapLibre map with its language, theme and controls. `maplibregl` is the vendored library's global.

import { lang, t } from "../i18n.js";
import { addClosureIcons } from "./closures.js";
import { addIcons } from "./icons.js";
import { overlayPalette } from "./overlay_colours.js";
import { OVERLAYS, chosenIds } from "./overlays.js";
import { palette } from "./palette.js";
import { addPloughIcons } from "./ploughs.js";
import { addShields } from "./shields.js";
import { addReasonMarks } from "./reasons.js";
import { buildStyle } from "./style.js";

const darkTheme = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const MARGIN_PX = 30;
// Until the server has said which optional layers there are, the map shows those that every server has.
const FIRST_OVERLAYS = OVERLAYS.filter(({ isAlways }) => isAlways);

export function colours() {
  return palette(darkTheme.matches);
}

/** Colours of the optional layers. */
export function overlayColours() {
  return overlayPalette(darkTheme.matches);
}

export function onTheme(callback) {
  darkTheme.addEventListener("change", callback);
}

export class RoadMap {
  #config;
  #shown = {}; // data of the GeoJSON sources, kept across styles
  #overlays = FIRST_OVERLAYS;
  #on = chosenIds(FIRST_OVERLAYS, {});
  #isPainting = () => false;

  constructor(container, config) {
    this.#config = config;
    this.map = new maplibregl.Map({
      container, style: this.#style(), hash: "map", bounds: config.bbox, fitBoundsOptions: { padding: room() },
      minZoom: 5, maxZoom: 19, pitchWithRotate: false, dragRotate: false, attributionControl: false,
      fadeDuration: calm.matches ? 0 : 200, maxPitch: 0, locale: locale(), keyboard: true,
      refreshExpiredTiles: false, // what moves is asked for by those who know how often, not with each tile's Cache-Control
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "bottom-right");
    this.map.addControl(new maplibregl.ScaleControl({ maxWidth: 110 }), "bottom-left");
    this.map.on("style.load", () => this.#addIcons());
    // busy from the first data until everything is drawn: for screen readers, and for tests that look at the picture
    this.map.on("dataloading", () => this.setBusy(true));
    this.map.on("idle", () => this.setBusy(this.#isPainting()));
    this.map.on("error", ({ error }) => console.warn(error.message));
    this.relabel();
  }

  /** Until the next picture is complete. */
  setBusy(isBusy) {
    this.map.getContainer().setAttribute("aria-busy", String(isBusy));
  }

  #style() {
    return buildStyle(this.#config, {
      isDark: darkTheme.matches, lang: lang(), data: this.#shown, overlays: this.#overlays, on: this.#on,
    });
  }

  /** Draws these of the optional layers: `overlays` on offer, `on` a Set of ids. */
  setOverlays(overlays, on) {
    this.#overlays = overlays;
    this.#on = on;
    this.map.setStyle(this.#style(), { diff: true });
  }

  /** While this says true the picture counts as incomplete, whatever the library thinks. */
  set isPainting(tell) {
    this.#isPainting = tell;
  }

  /** After a change of language or theme. Sources stay, and so does the state on them. */
  restyle() {
    this.map.setStyle(this.#style(), { diff: true });
    this.#addIcons();
    this.relabel();
  }

  #addIcons() {
    addPloughIcons(this.map, colours());
    addClosureIcons(this.map, colours());
    addShields(this.map, colours());
    addIcons(this.map, overlayColours());
    addReasonMarks(this.map, overlayColours());
  }

  /** A new network version has new tiles; returns after the sources are replaced. */
  setConfig(config) {
    this.#config = config;
    this.map.setStyle(this.#style(), { diff: true });
  }

  relabel() {
    this.map.getCanvas().setAttribute("aria-label", t("map_label"));
    for (const [name, key] of [["in", "zoom_in"], ["out", "zoom_out"]]) {
      const button = this.map.getContainer().querySelector(`.maplibregl-ctrl-zoom-${name}`);
      button?.setAttribute("aria-label", t(key));
      button?.setAttribute("title", t(key));
    }
  }

  /** Puts data into one of the sources `chosen`, `closures`, `reasons` and `ploughs`. */
  show(name, data) {
    this.#shown[name] = data;
    this.map.getSource(name)?.setData(data);
  }

  /** Brings the line out from under the panels when its middle is not in sight. `covered` says how many pixels of each
   *  side panels hide. No flight where motion is unwelcome. */
  reveal(geometry, covered) {
    const bounds = new maplibregl.LngLatBounds();
    const positions = geometry.coordinates.flat(geometry.type === "MultiLineString" ? 1 : 0);
    for (const position of positions) bounds.extend(position);
    const { x, y } = this.map.project(bounds.getCenter());
    const { clientWidth, clientHeight } = this.map.getContainer();
    const isInSight = x > covered.left && x < clientWidth - covered.right
      && y > covered.top && y < clientHeight - covered.bottom;
    if (isInSight) return;
    const padding = Object.fromEntries(Object.entries(covered).map(([side, px]) => [side, px + MARGIN_PX]));
    this.map.fitBounds(bounds, { maxZoom: Math.max(this.map.getZoom(), 14), padding, animate: !calm.matches });
  }
}

/** Space to leave around the prefecture at the first view: the legend stands on the left of a wide page. */
export function room() {
  const isWide = matchMedia("(min-width: 800px)").matches;
  return isWide ? { left: 330, right: 40, top: 20, bottom: 20 } : 12;
}

function locale() {
  return {
    "NavigationControl.ZoomIn": t("zoom_in"), "NavigationControl.ZoomOut": t("zoom_out"), "Map.Title": t("map_label"),
  };
}
