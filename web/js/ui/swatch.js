// A short piece of road as the map draws it, from the same palette and patterns. For the legend and the card.

import { PATTERNS } from "../map/palette.js";
import { CODE } from "../status/classify.js";
import { svg } from "./dom.js";

const WIDTH = 44;
const HEIGHT = 18;
const LINE_PX = 9;

/** `colours` is a palette. Hidden from screen readers: the words stand beside it. */
export function swatch(code, colours) {
  const y = HEIGHT / 2;
  const shown = code === CODE.CLOSED ? CODE.NONE : code;
  const edge = { [CODE.NONE]: colours.plainEdge, [CODE.UNKNOWN]: colours.unknownEdge }[shown] ?? colours.followedEdge;
  const line = (stroke, px, dash) => svg("line", {
    x1: 1, x2: WIDTH - 1, y1: y, y2: y, stroke, "stroke-width": px, "stroke-dasharray": dash ?? null,
  });
  const picture = svg("svg", {
    class: "swatch", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true",
  }, line(edge, LINE_PX + 2.4), line(colours.code[shown] ?? colours.plainFill, LINE_PX));
  const pattern = PATTERNS.find(({ codes }) => codes.includes(shown));
  if (pattern) {
    const px = LINE_PX * pattern.share;
    picture.append(line(colours.pattern[pattern.name], px, pattern.dash?.map((length) => length * px).join(" ")));
  }
  return picture;
}
