// The legend: each state in plain words, drawn as on the map.

import { ploughIcon } from "../map/ploughs.js";
import { AGE_CLASSES, CODE } from "../status/classify.js";
import { t } from "../i18n.js";
import { sign } from "./closures.js";
import { h } from "./dom.js";
import { swatch } from "./swatch.js";

/** Fills `body` with the legend in the present language and theme. */
export function fillLegend(body, colours) {
  body.replaceChildren(
    cleared(colours),
    entry("clearing", CODE.CLEARING, colours),
    entry("uncleared", CODE.UNCLEARED, colours),
    entry("unknown", CODE.UNKNOWN, colours),
    entry("none", CODE.NONE, colours),
    plough(colours),
    closure("closed", "closure_shut", colours),
    closure("one_lane", "closure_limit", colours),
    h("p", { class: "legend-note" }, t("one_side")),
    h("p", { class: "legend-note" }, t("one_side_far")),
  );
}

function cleared(colours) {
  const ages = AGE_CLASSES.map(([, code], i) => h("li", {}, swatch(code, colours), h("span", {}, t(`age_${i + 1}`))));
  return h("section", { class: "legend-entry legend-cleared" },
    h("h3", {}, t("cleared")), h("ul", { class: "ages" }, ...ages), h("p", {}, t("cleared_about")));
}

function entry(name, code, colours) {
  return h("section", { class: "legend-entry" },
    h("h3", {}, swatch(code, colours), t(name)), h("p", {}, t(`${name}_about`)));
}

function closure(restriction, name, colours) {
  return h("section", { class: "legend-entry" },
    h("h3", {}, sign(restriction, colours), t(name)), h("p", {}, t(`${name}_about`)));
}

function plough(colours) {
  const picture = ploughIcon(colours, true);
  const { width, height } = picture;
  const canvas = h("canvas", { class: "plough-icon", width, height, "aria-hidden": "true" });
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return h("section", { class: "legend-entry" },
    h("h3", {}, canvas, t("plough")), h("p", {}, t("plough_about")));
}
