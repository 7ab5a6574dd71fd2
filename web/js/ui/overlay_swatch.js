// How an optional layer looks, for the list of layers and the legend: the same pictures and colours as on the map.

import { iconPicture } from "../map/icons.js";
import { SNOW_CM } from "../map/overlay_colours.js";
import { ploughIcon } from "../map/ploughs.js";
import { t } from "../i18n.js";
import { sign } from "./closures.js";
import { h, svg } from "./dom.js";

const WIDTH = 44;
const HEIGHT = 22;

function picture(image) {
  const canvas = h("canvas", { class: "symbol-icon", width: image.width, height: image.height, "aria-hidden": "true" });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function drawing(...parts) {
  return svg("svg", {
    class: "swatch", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true",
  }, ...parts);
}

const stroke = (colour, px, dash, y = HEIGHT / 2) => svg("line", {
  x1: 1, x2: WIDTH - 1, y1: y, y2: y, stroke: colour, "stroke-width": px, "stroke-dasharray": dash ?? null,
});

/** A road with what lies under it on both sides. */
function underRoad(colours, under) {
  return drawing(...under, stroke(colours.plainEdge, 7), stroke(colours.plainFill, 5));
}

const DRAWN = {
  closures: (colours) => [sign("closed", colours), sign("one_lane", colours)],
  ploughs: (colours) => [picture(ploughIcon(colours, true))],
  cameras: () => [picture(iconPicture("camera"))],
  bus_stops: () => [picture(iconPicture("bus_stop"))],
  priority_network: (colours, own) => [underRoad(colours, [stroke(own.priority, 14)]),
    underRoad(colours, [stroke(own.priority, 14, "9 5")])],
  bus_routes: (colours, own) => [underRoad(colours, [stroke(own.bus, 18, "2.5 7")])],
  work_sections: (colours, own) => [drawing(
    svg("rect", { x: 2, y: 3, width: WIDTH - 4, height: HEIGHT - 6, fill: own.section, "fill-opacity": 0.12 }),
    svg("rect", {
      x: 2, y: 3, width: WIDTH - 4, height: HEIGHT - 6, fill: "none", stroke: own.section, "stroke-width": 2,
      "stroke-dasharray": "6 4",
    }))],
  snow: (colours, own) => [drawing(...own.snow.map((colour, i) => svg("rect", {
    x: 1 + i * 7, y: 3, width: 7, height: HEIGHT - 6, fill: colour,
  })))],
};

/** Pictures of an overlay. `colours` is the palette of the roads, `own` that of the overlays. */
export function overlaySwatch({ collection, kinds, raster }, colours, own) {
  if (raster) return [drawing(svg("rect", { x: 2, y: 3, width: WIDTH - 4, height: HEIGHT - 6, fill: own.missing }))];
  if (collection === "facilities") return kinds.map((kind) => picture(iconPicture(kind)));
  return DRAWN[collection](colours, own);
}

/** Classes of an overlay that has several, as a list; null where the swatch says all. */
export function overlayClasses({ collection }, own) {
  if (collection !== "snow") return null;
  const box = (fill, words, hatched = false) => h("li", {}, drawing(
    svg("rect", { x: 2, y: 3, width: WIDTH - 4, height: HEIGHT - 6, fill: hatched ? "none" : fill, stroke: own.missing }),
    ...(hatched ? [8, 18, 28, 38].map((x) => svg("line", { x1: x - 6, x2: x + 4, y1: 18, y2: 4, stroke: own.missing }))
      : [])), h("span", {}, words));
  return h("ul", { class: "ages" }, box(own.snow[0], t("snow_class_first")),
    ...SNOW_CM.map((cm, i) => box(own.snow[i + 1], t("snow_class", { from: cm }))), box("", t("snow_missing"), true));
}
