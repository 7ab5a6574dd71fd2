// A short piece of road as the map draws it, from the same palette and patterns. For the legend and the card.

import { PATTERNS } from "../map/palette.js";
import { CODE } from "../status/classify.js";
import { svg } from "./dom.js";

const WIDTH = 44;
const HEIGHT = 18;
const LINE_PX = 9;

/** `colours` is a palette. Hidden from screen readers: the words stand beside it. */
export function swatch(code, colours) {
  return picture(...road(code, colours, HEIGHT / 2, LINE_PX));
}

/** A road drawn as close up, each direction a line of its own: the upper one in `far`, the lower one in `near`. */
export function oneSideSwatch(far, near, colours) {
  const px = LINE_PX - 2;
  const off = px / 2 + 0.7;
  return picture(...road(far, colours, HEIGHT / 2 - off, px), ...road(near, colours, HEIGHT / 2 + off, px));
}

function picture(...lines) {
  return svg("svg", {
    class: "swatch", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true",
  }, ...lines);
}

/** Edge, colour and pattern of a line, from the lowest to the uppermost. */
function road(code, colours, y, px) {
  const shown = code === CODE.CLOSED ? CODE.NONE : code;
  const edge = { [CODE.NONE]: colours.plainEdge, [CODE.UNKNOWN]: colours.unknownEdge }[shown] ?? colours.followedEdge;
  const line = (stroke, width, dash) => svg("line", {
    x1: 1, x2: WIDTH - 1, y1: y, y2: y, stroke, "stroke-width": width, "stroke-dasharray": dash ?? null,
  });
  const lines = [line(edge, px + 2.4), line(colours.code[shown] ?? colours.plainFill, px)];
  const pattern = PATTERNS.find(({ codes }) => codes.includes(shown));
  if (pattern) {
    const own = px * pattern.share;
    lines.push(line(colours.pattern[pattern.name], own, pattern.dash?.map((length) => length * own).join(" ")));
  }
  return lines;
}
