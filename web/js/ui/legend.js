// The legend: each state in plain words, drawn as on the map; what unknown means and why; what snow does to a clearing.

import { overlayPalette } from "../map/overlay_colours.js";
import { palette } from "../map/palette.js";
import { ploughIcon } from "../map/ploughs.js";
import { markOf, markPicture } from "../map/reasons.js";
import { AGE_CLASSES, CODE } from "../status/classify.js";
import { t } from "../i18n.js";
import { sign } from "./closures.js";
import { h } from "./dom.js";
import { oneSideSwatch, swatch } from "./swatch.js";

// Reasons that a road on a plan may have, in the order of how often a storm brings them.
const REASONS = ["no_device", "silent", "expired", "snowed_over", "work_unknown", "unmatched", "low_confidence",
  "withheld", "no_event"];

/** Fills `body` with the legend in the present language and theme. */
export function fillLegend(body, colours) {
  const own = overlayPalette(colours === palette(true));
  body.replaceChildren(
    cleared(colours),
    entry("clearing", CODE.CLEARING, colours),
    entry("uncleared", CODE.UNCLEARED, colours),
    unknown(colours, own),
    entry("none", CODE.NONE, colours),
    oneSide(colours),
    h("section", { class: "legend-entry" }, h("h3", {}, mark("snow", own), t("legend_snow")),
      h("p", {}, t("legend_snow_about"))),
    plough(colours),
    closure("closed", "closure_shut", colours),
    closure("one_lane", "closure_limit", colours),
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

function mark(name, own) {
  const picture = markPicture(name, own);
  const { width, height } = picture;
  const canvas = h("canvas", { class: "reason-mark", width, height, "aria-hidden": "true" });
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas;
}

/** Unknown, and every reason for it with the mark that stands on the road close up. */
function unknown(colours, own) {
  const reasons = REASONS.map((reason) => h("li", {}, mark(markOf(reason), own),
    h("span", {}, `${t(`reason_short_${reason}`)}: ${t(`reason_${reason}`)}`)));
  const section = entry("unknown", CODE.UNKNOWN, colours);
  section.append(h("details", { class: "legend-reasons" }, h("summary", {}, t("legend_reasons")),
    h("ul", { class: "reasons" }, ...reasons)));
  return section;
}

function oneSide(colours) {
  return h("section", { class: "legend-entry" },
    h("h3", {}, oneSideSwatch(CODE.UNDER_1H, CODE.UNKNOWN, colours), t("legend_one_side")),
    h("p", {}, t("one_side")), h("p", {}, t("one_side_far")));
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
