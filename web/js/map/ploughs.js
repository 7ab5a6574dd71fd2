// Ploughs at work: public points without any vehicle id, drawn as arrows that point where they go.

import { serviceUrl } from "../config.js";
import { waitMs } from "../status/pace.js";

const TIMEOUT_MS = 10000;
const MAX_AGE_S = 900; // a position older than a quarter of an hour says nothing about now
const ICON_PX = 44;

export function emptyPoints() {
  return { type: "FeatureCollection", features: [] };
}

export function ploughLayer() {
  return {
    id: "ploughs", type: "symbol", source: "ploughs",
    layout: {
      "icon-image": ["case", ["has", "heading_deg"], "plough", "plough-still"],
      "icon-rotate": ["coalesce", ["get", "heading_deg"], 0],
      "icon-rotation-alignment": "map", "icon-allow-overlap": true, "icon-ignore-placement": true,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 7, 0.32, 11, 0.55, 14, 0.85],
    },
  };
}

/** Draws the icon: a dark disc with a beacon-coloured arrow, legible on both themes and on every road colour. */
export function ploughIcon(colours, hasHeading) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = ICON_PX * 2;
  const draw = canvas.getContext("2d");
  draw.scale(2, 2);
  const middle = ICON_PX / 2;
  draw.beginPath();
  draw.arc(middle, middle, 15, 0, 2 * Math.PI);
  draw.fillStyle = "#1d1d1d";
  draw.strokeStyle = "#ffffff";
  draw.lineWidth = 2.5;
  draw.fill();
  draw.stroke();
  draw.fillStyle = colours.ploughBeacon;
  draw.beginPath();
  if (hasHeading) {
    for (const [x, y] of [[0, -11], [8.5, 8], [0, 4], [-8.5, 8]]) draw.lineTo(middle + x, middle + y);
    draw.closePath();
  } else {
    draw.arc(middle, middle, 6, 0, 2 * Math.PI);
  }
  draw.fill();
  return draw.getImageData(0, 0, canvas.width, canvas.height);
}

export function addPloughIcons(map, colours) {
  for (const [name, hasHeading] of [["plough", true], ["plough-still", false]]) {
    if (map.hasImage(name)) map.removeImage(name);
    map.addImage(name, ploughIcon(colours, hasHeading), { pixelRatio: 2 });
  }
}

/** Keeps `show(points)` fed with ploughs that are fresh at `nowS()`; on failure the old ones age out by themselves. */
export function startPloughs(show, nowS) {
  let latest = emptyPoints();
  let etag = "";
  let failures = 0;
  const fresh = ({ properties }) => nowS() - Date.parse(properties.observed_at) / 1000 < MAX_AGE_S;

  async function ask() {
    const url = `${serviceUrl("ogc/collections/ploughs/items")}?f=json&limit=2000&properties=observed_at,heading_deg`;
    const headers = etag ? { "If-None-Match": etag } : {};
    const response = await fetch(url, { headers, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 304) return;
    if (!response.ok) throw new Error(`ploughs: the server answered ${response.status}`);
    latest = await response.json();
    etag = response.headers.get("ETag") ?? "";
  }

  async function poll() {
    try {
      if (!document.hidden) await ask();
      failures = 0;
    } catch (error) {
      failures += 1;
      console.warn(error.message);
    }
    setTimeout(poll, waitMs(failures));
    if (!document.hidden) show({ type: "FeatureCollection", features: latest.features.filter(fresh).map(withoutNulls) });
  }

  poll();
}

// The public id of a plough is a text, which the map's library keeps as a property alone.
function withoutNulls(feature) {
  const known = Object.entries(feature.properties).filter(([, value]) => value !== null);
  return { ...feature, properties: { ...Object.fromEntries(known), plough_id: String(feature.id ?? "") } };
}
