// Restrictions of traffic that road managers ordered and that hold now: a barred line with a sign on it. Signs differ
// in shape: a disc with a bar where nobody may pass, a triangle with a stroke where something else is required.

import { serviceUrl } from "../config.js";
import { waitMs } from "../status/pace.js";

const TIMEOUT_MS = 10000;
const FIELDS = ["closure_id", "restriction", "name", "route", "manager", "reason", "starts_at", "ends_at", "edges"];
const ITEMS = `ogc/collections/closures/items?f=json&is_active=true&limit=2000&properties=${FIELDS.join(",")}`;
const ICON_PX = 32;
const CLOSING = ["closed", "winter_closed"];
const SHUT = ["in", ["get", "restriction"], ["literal", CLOSING]];

export function isClosing(restriction) {
  return CLOSING.includes(restriction);
}

/** Line and sign, above the roads and below their names. */
export function closureLayers(colours) {
  const width = (px) => ["interpolate", ["exponential", 1.5], ["zoom"], 7, 2 * px, 13, 5 * px, 16, 9 * px, 20, 34 * px];
  const line = (id, filter, paint) => ({
    id, type: "line", source: "closures", filter, layout: { "line-cap": "butt", "line-join": "round" }, paint,
  });
  return [
    line("closures-bed", SHUT, { "line-color": colours.closure.shut, "line-width": width(1.25) }),
    line("closures-bars", SHUT, {
      "line-color": colours.closure.bar, "line-width": width(0.85), "line-dasharray": [0.9, 0.9],
    }),
    line("closures-limit", ["!", SHUT], {
      "line-color": colours.closure.limit, "line-width": width(1.1), "line-dasharray": [0.5, 0.7],
    }),
    {
      id: "closures", type: "symbol", source: "closures",
      layout: {
        "symbol-placement": "line-center", "icon-image": ["case", SHUT, "closure-shut", "closure-limit"],
        "icon-rotation-alignment": "viewport", "icon-allow-overlap": true,
        "icon-size": ["interpolate", ["linear"], ["zoom"], 7, 0.5, 12, 0.8, 15, 1],
      },
    },
  ];
}

/** The sign of a restriction, the same on the map, in the legend and on the card. */
export function closureIcon(colours, isShut) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = ICON_PX * 2;
  const draw = canvas.getContext("2d");
  draw.scale(2, 2);
  draw.lineJoin = "round";
  draw.strokeStyle = colours.closure.edge;
  draw.lineWidth = 2;
  draw.fillStyle = isShut ? colours.closure.shut : colours.closure.limit;
  const middle = ICON_PX / 2;
  draw.beginPath();
  if (isShut) {
    draw.arc(middle, middle, 13, 0, 2 * Math.PI);
  } else {
    for (const [x, y] of [[0, -13], [14, 11], [-14, 11]]) draw.lineTo(middle + x, middle + y);
    draw.closePath();
  }
  draw.fill();
  draw.stroke();
  draw.fillStyle = isShut ? "#ffffff" : "#1d1d1d";
  if (isShut) {
    draw.fillRect(middle - 8.5, middle - 2.75, 17, 5.5);
  } else {
    draw.fillRect(middle - 1.75, middle - 5, 3.5, 8);
    draw.fillRect(middle - 1.75, middle + 5, 3.5, 3.5);
  }
  return draw.getImageData(0, 0, canvas.width, canvas.height);
}

export function addClosureIcons(map, colours) {
  for (const [name, isShut] of [["closure-shut", true], ["closure-limit", false]]) {
    if (map.hasImage(name)) map.removeImage(name);
    map.addImage(name, closureIcon(colours, isShut), { pixelRatio: 2 });
  }
}

/** Whether a closure holds some of a piece: its edges are `2 * piece` and the one after. */
export function holds(closure, pieceId) {
  const own = [String(2 * pieceId), String(2 * pieceId + 1)];
  return (closure.edges ?? "").split(" ").some((part) => own.includes(part.split(":")[0]));
}

/** Keeps `show(features)` fed with the closures that hold at `nowS()`; one whose end has come goes by itself. */
export function startClosures(show, nowS) {
  let latest = [];
  let etag = "";
  let failures = 0;
  const lasts = ({ properties: { ends_at: end } }) => end === null || Date.parse(end) / 1000 > nowS();

  async function ask() {
    const headers = etag ? { "If-None-Match": etag } : {};
    const response = await fetch(serviceUrl(ITEMS), {
      headers, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 304) return;
    if (!response.ok) throw new Error(`closures: the server answered ${response.status}`);
    latest = (await response.json()).features;
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
    if (!document.hidden) show(latest.filter(lasts));
  }

  poll();
}
