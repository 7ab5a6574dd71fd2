// Choosing a road: by a tap with a finger's tolerance, or by Enter at the middle of the map.

import { TAPPABLE } from "./roads_style.js";

const FINGER_PX = 14;

export function emptyLines() {
  return { type: "FeatureCollection", features: [] };
}

/** The halo under the chosen road. */
export function chosenLayer(colours) {
  return {
    id: "chosen", type: "line", source: "chosen",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": colours.chosen, "line-opacity": 0.9,
      "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 7, 6, 13, 13, 15, 18, 17, 30, 20, 100],
    },
  };
}

/** The symbol nearest to a point of the screen, as {collection, properties, lonLat}; null when none is near. */
export function symbolAt(map, point, layers) {
  const box = [[point.x - FINGER_PX, point.y - FINGER_PX], [point.x + FINGER_PX, point.y + FINGER_PX]];
  const found = map.queryRenderedFeatures(box, { layers: Object.keys(layers).filter((id) => map.getLayer(id)) });
  let best = null;
  let bestPx = Infinity;
  for (const { geometry, layer, properties } of found) {
    const { x, y } = map.project(geometry.coordinates);
    const px = Math.hypot(x - point.x, y - point.y);
    if (px < bestPx) {
      best = { collection: layers[layer.id], properties, lonLat: geometry.coordinates };
      bestPx = px;
    }
  }
  return best;
}

/** Symbols in sight, nearest to the middle first, each once. */
export function symbolsInSight(map, layers, most) {
  const there = Object.keys(layers).filter((id) => map.getLayer(id));
  const middle = map.project(map.getCenter());
  const found = new Map();
  for (const { geometry, layer, properties } of there.length > 0 ? map.queryRenderedFeatures({ layers: there }) : []) {
    const { x, y } = map.project(geometry.coordinates);
    const one = { collection: layers[layer.id], properties, lonLat: geometry.coordinates };
    found.set(`${layer.id}:${JSON.stringify(properties)}`, { ...one, px: Math.hypot(x - middle.x, y - middle.y) });
  }
  return [...found.values()].sort((a, b) => a.px - b.px).slice(0, most);
}

/** The road nearest to a point of the screen, as {pieceId, properties, geometry}; null when none is within `reachPx`. */
export function roadAt(map, point, reachPx = FINGER_PX) {
  const box = [[point.x - reachPx, point.y - reachPx], [point.x + reachPx, point.y + reachPx]];
  const found = map.queryRenderedFeatures(box, { layers: TAPPABLE.filter((id) => map.getLayer(id)) });
  let best = null;
  let bestPx = Infinity;
  for (const feature of found) {
    const px = distancePx(map, feature.geometry, point) - onPlanBonusPx(feature.properties);
    if (px < bestPx) [best, bestPx] = [feature, px];
  }
  return best && { pieceId: best.id, properties: best.properties, geometry: best.geometry };
}

// A road whose clearing is followed is what people look for when two are under the finger.
function onPlanBonusPx(properties) {
  return properties.on_plan ? 4 : 0;
}

function distancePx(map, geometry, point) {
  const lines = geometry.type === "MultiLineString" ? geometry.coordinates : [geometry.coordinates];
  let nearest = Infinity;
  for (const line of lines) {
    const px = line.map((position) => map.project(position));
    for (let i = 1; i < px.length; i += 1) nearest = Math.min(nearest, toSegment(point, px[i - 1], px[i]));
  }
  return nearest;
}

function toSegment(p, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = dx * dx + dy * dy;
  const share = along === 0 ? 0 : Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / along));
  return Math.hypot(p.x - a.x - share * dx, p.y - a.y - share * dy);
}
