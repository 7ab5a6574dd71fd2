// Colours of the map, light and dark, and the line patterns. The legend draws from the same table.
//
// Cleared is blue and uncleared is vermilion, a pair that every common colour blindness tells apart; the two others
// differ in lightness and carry a pattern. Ages are one hue from strong to weak, and from six hours on the line is
// hollow, so that they can be told apart on a grey print as well.

import { CODE } from "../status/classify.js";

const LIGHT = {
  sea: "#cddde8", land: "#f5f3ee", border: "#a9a194", coast: "#8fa6b5", river: "#b4cbdb",
  riverLabel: "#3f6480", shieldFill: "#41525f", shieldText: "#ffffff", shieldEdge: "#ffffff",
  label: "#37404a", labelHalo: "#ffffff", roadLabel: "#4a4f57",
  plainEdge: "#c3beb4", plainFill: "#ffffff", followedEdge: "#39434e", unknownEdge: "#8b8f95",
  chosen: "#e000b8",
  code: {
    [CODE.UNDER_1H]: "#06337a", [CODE.UNDER_3H]: "#1763b5", [CODE.UNDER_6H]: "#3d96db",
    [CODE.UNDER_12H]: "#5cabe3", [CODE.UNDER_24H]: "#a8d3f0",
    [CODE.CLEARING]: "#ffd21f", [CODE.UNCLEARED]: "#d8350c", [CODE.UNKNOWN]: "#e4e1dc", [CODE.BESIDE]: "#ffffff",
  },
  pattern: { aged: "#ffffff", clearing: "#1d1d1d", uncleared: "#ffffff", unknown: "#5c5c63" },
  plough: "#1d1d1d", ploughBeacon: "#ffb000",
  closure: { shut: "#8a0030", bar: "#ffffff", limit: "#ff9d00", edge: "#ffffff" },
};

const DARK = {
  sea: "#0e141a", land: "#1c232b", border: "#4c5763", coast: "#3c4c5a", river: "#0e1a26",
  riverLabel: "#8fb0c9", shieldFill: "#c3ccd6", shieldText: "#10161c", shieldEdge: "#10161c",
  label: "#dbe2ea", labelHalo: "#10161c", roadLabel: "#c3ccd6",
  plainEdge: "#10161c", plainFill: "#46515d", followedEdge: "#05080b", unknownEdge: "#2c343c",
  chosen: "#ff7ae5",
  code: {
    [CODE.UNDER_1H]: "#c9ecff", [CODE.UNDER_3H]: "#86cbf7", [CODE.UNDER_6H]: "#4a9fe0",
    [CODE.UNDER_12H]: "#3f8ccf", [CODE.UNDER_24H]: "#2f6297",
    [CODE.CLEARING]: "#ffd84a", [CODE.UNCLEARED]: "#ff6a3d", [CODE.UNKNOWN]: "#59616b", [CODE.BESIDE]: "#46515d",
  },
  pattern: { aged: "#0b1117", clearing: "#14181c", uncleared: "#2a0900", unknown: "#d7dce2" },
  plough: "#f4f6f8", ploughBeacon: "#ffb000",
  closure: { shut: "#c8104f", bar: "#ffffff", limit: "#ffb43c", edge: "#10161c" },
};

// Lines drawn over the colour of a state: dashes in line widths (null: unbroken), and the share of the width.
export const PATTERNS = Object.freeze([
  { name: "aged", codes: [CODE.UNDER_12H, CODE.UNDER_24H], dash: null, share: 0.34 },
  { name: "clearing", codes: [CODE.CLEARING], dash: [1.4, 1.4], share: 1 },
  { name: "uncleared", codes: [CODE.UNCLEARED], dash: [0.5, 1.3], share: 0.8 },
  { name: "unknown", codes: [CODE.UNKNOWN], dash: [1, 2.2], share: 0.5 },
]);

export function palette(isDark) {
  return isDark ? DARK : LIGHT;
}
