// Style layers of the roads. Geometry comes from tiles that hardly ever change; the state rides as feature state
// f (forward), b (backward) and w (the worse of both), numbers of CODE.
//
// Below SPLIT_ZOOM one line shows w. From SPLIT_ZOOM on each direction has its own line on its own side of the road.
// One layer holds the colours; each pattern is a layer of its own, since a dash cannot depend on feature state: it is
// transparent wherever its state is not shown. Only colours and opacities depend on the state, never on the zoom as
// well: a changed piece costs one short evaluation a layer, and widths are worked out in the map's worker.

import { CODE } from "../status/classify.js";
import { PATTERNS } from "./palette.js";

export const SPLIT_ZOOM = 13;
export const ROADS = "roads";

// [zoom, widths in pixels by class rank]: one line for both directions, then one line a direction.
const RANK = ["match", ["get", "class"], "expressway", 0, "national", 0, "major_prefectural", 1, "prefectural", 2,
  "municipal_main", 3, "municipal", 4, 5];
const JOINT_PX = [[6, [2, 1.4, 1, 0.7, 0.4, 0.3]], [9, [3, 2.5, 2, 1.5, 0.7, 0.45]],
  [11, [3.6, 3, 2.6, 2, 1, 0.7]], [13, [5.4, 4.8, 4.2, 3.4, 2.2, 1.4]]];
const SIDE_PX = [[13, [3, 2.8, 2.5, 2.1, 1.4, 0.9]], [15, [5, 4.6, 4.2, 3.6, 2.8, 1.8]],
  [17, [10, 9, 8.5, 8, 7, 4]], [20, [40, 36, 32, 30, 26, 14]]];
const EDGE_PX = 1.1; // dark edge on each side

// Before the first snapshot, and for pieces that it does not list, a road on a plan is unknown and never cleared.
const codeOf = (key) => ["coalesce", ["feature-state", key],
  ["case", ["boolean", ["get", "on_plan"], false], CODE.UNKNOWN, CODE.NONE]];

const byRank = (widths, factor = 1) => ["match", RANK, ...widths.slice(0, -1).flatMap((px, i) => [i, px * factor]),
  widths.at(-1) * factor];
const byZoom = (stops, value) => ["interpolate", ["exponential", 1.5], ["zoom"],
  ...stops.flatMap(([zoom, widths]) => [zoom, value(widths)])];
const byCode = (key, table, fallback) => ["match", codeOf(key),
  ...Object.entries(table).flatMap(([code, value]) => [Number(code), value]), fallback];

const isTwoWay = ["==", ["coalesce", ["get", "oneway"], 0], 0];
const isClosed = (key) => ["==", ["coalesce", ["get", "oneway"], 0], key === "f" ? -1 : 1];

// "8" of 国道8号 and "22" of 石川県道22号: what stands between 道 and 号, where both are there in this order.
const ROUTE = ["to-string", ["get", "route"]];
const AFTER = ["+", ["index-of", "道", ROUTE], 1];
const END = ["index-of", "号", ROUTE];
const isNumbered = ["all", [">", AFTER, 0], [">", END, AFTER], ["<", ["-", END, AFTER], 5]];
const NUMBER = ["to-string", ["slice", ROUTE, AFTER, END]];

// Written along a road: its own name, else its route where no shield says it.
const OWN_NAME = ["to-string", ["get", "name"]];
const NAME = ["case", ["all", ["!=", OWN_NAME, ""], ["any", ["!=", OWN_NAME, ROUTE], ["!", isNumbered]]], OWN_NAME,
  isNumbered, "", ROUTE];

// Bridges above ground above tunnels; on one level the greater road above the lesser one.
const ORDER = ["-", ["*", 10, ["coalesce", ["get", "level"], 0]], RANK];

function road(id, zooms, paint) {
  return {
    id, type: "line", source: ROADS, "source-layer": ROADS, ...zooms, paint,
    layout: { "line-cap": "butt", "line-join": "round", "line-sort-key": ORDER },
  };
}

/** What lies under the states: every road as a plain one, and dark edges where it is followed. `span` gives the whole
 *  width from the widths by rank. */
function beds(suffix, zooms, stops, span, colours) {
  const layer = (name, colour, edgePx, more = {}) => road(`roads-${name}-${suffix}`, zooms, {
    "line-color": colour, "line-width": byZoom(stops, (px) => ["+", span(px), edgePx]), ...more,
  });
  const edge = ["case", ["==", codeOf("w"), CODE.UNKNOWN], colours.unknownEdge, colours.followedEdge];
  const isFollowed = ["case", ["==", codeOf("w"), CODE.NONE], 0, 1];
  return [
    layer("plain-edge", colours.plainEdge, 1),
    layer("plain", colours.plainFill, -0.4),
    layer("edge", edge, 2 * EDGE_PX, { "line-opacity": isFollowed }),
  ];
}

/** The coloured line of one key, and a layer for each pattern. */
function lines(key, zooms, stops, offset, colours) {
  const open = (width) => (key === "w" ? width : ["case", isClosed(key), 0, width]);
  const place = offset ? { "line-offset": offset } : {};
  const fill = road(`roads-${key}`, zooms, {
    "line-color": byCode(key, colours.code, "transparent"),
    "line-width": byZoom(stops, (px) => open(byRank(px))),
    ...place,
  });
  const patterns = PATTERNS.map(({ name, codes, dash, share }) => road(`roads-${key}-${name}`, zooms, {
    "line-color": colours.pattern[name],
    ...(dash ? { "line-dasharray": dash } : {}),
    "line-opacity": ["match", codeOf(key), codes, 1, 0],
    "line-width": byZoom(stops, (px) => open(byRank(px, share))),
    ...place,
  }));
  return [fill, ...patterns];
}

/** How far a direction lies from the middle line: to the left of travel where traffic drives on the left.
 *  Positive offsets lie to the right of digitising. */
function offsetOf(key, trafficSide) {
  const sign = (key === "f" ? -1 : 1) * (trafficSide === "right" ? -1 : 1);
  return byZoom(SIDE_PX, (px) => ["case", isTwoWay, ["*", sign, ["+", ["/", byRank(px), 2], 0.5]], 0]);
}

/** All road layers in drawing order. `trafficSide` is left or right. */
export function roadLayers(colours, trafficSide) {
  const far = { maxzoom: SPLIT_ZOOM };
  const near = { minzoom: SPLIT_ZOOM };
  const bothSides = (px) => ["case", isTwoWay, byRank(px, 2), byRank(px)];
  return [
    ...beds("far", far, JOINT_PX, (px) => byRank(px), colours),
    ...lines("w", far, JOINT_PX, null, colours),
    ...beds("near", near, SIDE_PX, bothSides, colours),
    ...lines("f", near, SIDE_PX, offsetOf("f", trafficSide), colours),
    ...lines("b", near, SIDE_PX, offsetOf("b", trafficSide), colours),
  ];
}

/** Layers that a tap may hit. */
export const TAPPABLE = Object.freeze(["roads-plain-edge-far", "roads-plain-edge-near"]);

/** Names along the roads and beside them, so that the state stays in sight. Small streets are named close up. */
export function roadLabels(colours, fonts) {
  const isMain = ["<=", RANK, 2];
  return [labels("street-names", 15.5, ["!", isMain], 500), labels("road-names", 13, isMain, 340)];

  function labels(id, minzoom, which, spacing) {
    return {
      id, type: "symbol", source: ROADS, "source-layer": ROADS, minzoom,
      filter: ["all", which, ["!=", NAME, ""]],
      layout: {
        "symbol-placement": "line", "symbol-spacing": spacing, "text-font": fonts, "text-max-angle": 30,
        "text-field": NAME, "text-size": ["interpolate", ["linear"], ["zoom"], 12, 11, 17, 13.5],
        "text-offset": [0, 1.1],
      },
      paint: { "text-color": colours.roadLabel, "text-halo-color": colours.labelHalo, "text-halo-width": 1.6 },
    };
  }
}

/** Route numbers on shields: a rounded triangle for national roads, a hexagon for prefectural ones. Pieces of one
 *  number are joined by the map's library, since the number is a text; so a shield stands once in `spacing` pixels. */
export function routeShields(colours, fonts) {
  const shields = (id, zooms, which, spacing) => ({
    id, type: "symbol", source: ROADS, "source-layer": ROADS, ...zooms,
    filter: ["all", which, isNumbered],
    layout: {
      "symbol-placement": "line", "symbol-spacing": spacing, "icon-rotation-alignment": "viewport",
      "text-rotation-alignment": "viewport", "text-field": NUMBER, "text-font": fonts, "text-size": 11,
      "icon-image": ["match", RANK, 0, "shield-national", "shield-prefectural"], "icon-padding": 12, "text-padding": 12,
      "symbol-sort-key": RANK, "text-offset": ["match", RANK, 0, ["literal", [0, -0.12]], ["literal", [0, 0]]],
    },
    paint: { "text-color": colours.shieldText },
  });
  return [
    shields("shields-prefectural", { minzoom: 11 }, ["all", [">", RANK, 0], ["<=", RANK, 2]], 300),
    shields("shields-national", { minzoom: 8 }, ["==", RANK, 0], 260),
  ];
}
