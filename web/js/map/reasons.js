// Why a road is unknown, on the map itself: close up, a mark and a word stand on every unknown road in sight. The words
// come from the states that the page holds, so they are there without a connection and age with the clock.

import { addWords, has, t } from "../i18n.js";
import { CODE, shown } from "../status/classify.js";
import { factsOf } from "../status/snapshot.js";
import words from "../text/map_words.js";
import { TAPPABLE } from "./roads_style.js";

addWords(words);

export const REASON_ZOOM = 15.5;
const REASONS_MAX = 250; // marks in sight; more would lie on one another
const STEP_PX = 24;
const SETTLE_MS = 150;
const HALF_PX = 9;
const PIXELS = 2;

const none = () => ({ type: "FeatureCollection", features: [] });

/** Mark and word; whatever lies on another one is left out. */
export function reasonLayer(colours, fonts) {
  return {
    id: "reasons", type: "symbol", source: "reasons", minzoom: REASON_ZOOM,
    layout: {
      "icon-image": ["concat", "reason-", ["get", "mark"]], "icon-padding": 4, "text-field": ["get", "text"],
      "text-font": fonts, "text-size": 11.5, "text-anchor": "left", "text-offset": [0.95, 0], "text-optional": true,
      "text-max-width": 12, "text-padding": 4,
    },
    paint: { "text-color": colours.reason, "text-halo-color": colours.reasonHalo, "text-halo-width": 1.8 },
  };
}

// Marks by reason; those that are not named have a question mark.
const MARKS = { expired: "clock", snowed_over: "snow", silent: "silent", no_device: "silent", withheld: "bar" };
export const markOf = (reason) => MARKS[reason] ?? "question";

const DRAWN = {
  clock: (draw) => line(draw, [[0, -4.5], [0, 0], [3.2, 2]]),
  snow: (draw) => [0, 60, 120].forEach((degrees) => {
    const [x, y] = [5 * Math.cos((degrees * Math.PI) / 180), 5 * Math.sin((degrees * Math.PI) / 180)];
    line(draw, [[-x, -y], [x, y]]);
  }),
  silent: (draw) => { line(draw, [[-3.6, -3.6], [3.6, 3.6]]); line(draw, [[-3.6, 3.6], [3.6, -3.6]]); },
  bar: (draw) => line(draw, [[-4.5, 0], [4.5, 0]]),
  question: (draw) => {
    draw.beginPath();
    draw.arc(0, -2.2, 2.8, Math.PI, 2.6 * Math.PI);
    draw.lineTo(0, 2);
    draw.stroke();
    draw.beginPath();
    draw.arc(0, 5, 1.1, 0, 2 * Math.PI);
    draw.fill();
  },
};

function line(draw, points) {
  draw.beginPath();
  for (const [x, y] of points) draw.lineTo(x, y);
  draw.stroke();
}

/** The picture of a mark: a light disc with a dark ring, or the other way round in the dark. */
export function markPicture(name, colours) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2 * HALF_PX * PIXELS;
  const draw = canvas.getContext("2d");
  draw.scale(PIXELS, PIXELS);
  draw.translate(HALF_PX, HALF_PX);
  draw.lineWidth = 1.8;
  draw.lineCap = draw.lineJoin = "round";
  draw.beginPath();
  draw.arc(0, 0, 7.8, 0, 2 * Math.PI);
  draw.fillStyle = colours.reasonHalo;
  draw.fill();
  draw.strokeStyle = draw.fillStyle = colours.reason;
  draw.stroke();
  DRAWN[name](draw);
  return draw.getImageData(0, 0, canvas.width, canvas.height);
}

export function addReasonMarks(map, colours) {
  for (const name of Object.keys(DRAWN)) {
    if (map.hasImage(`reason-${name}`)) map.removeImage(`reason-${name}`);
    map.addImage(`reason-${name}`, markPicture(name, colours), { pixelRatio: PIXELS });
  }
}

/** The reasons of the directions of a piece that are shown as unknown at nowS; empty where none is. */
export function reasonsOf(snapshot, pieceId, oneway, nowS) {
  const told = Object.values(factsOf(snapshot, pieceId, oneway)).map((facts) => shown(facts, nowS));
  return [...new Set(told.filter(({ code }) => code === CODE.UNKNOWN).map(({ reason }) => reason))];
}

function shortWord(reason) {
  return has(`reason_short_${reason}`) ? t(`reason_short_${reason}`) : t("unknown");
}

/** The middle of what is in sight of a line, null where nothing is. */
function middleInSight(map, geometry) {
  const { clientWidth, clientHeight } = map.getContainer();
  const lines = geometry.type === "MultiLineString" ? geometry.coordinates : [geometry.coordinates];
  const inside = [];
  for (const positions of lines) {
    const px = positions.map((position) => map.project(position));
    for (let i = 1; i < px.length; i += 1) {
      const n = Math.max(1, Math.ceil(Math.hypot(px[i].x - px[i - 1].x, px[i].y - px[i - 1].y) / STEP_PX));
      for (let k = 0; k < n; k += 1) {
        const share = (k + 0.5) / n;
        const x = px[i - 1].x + share * (px[i].x - px[i - 1].x);
        const y = px[i - 1].y + share * (px[i].y - px[i - 1].y);
        if (x > 0 && x < clientWidth && y > 0 && y < clientHeight) inside.push([x, y]);
      }
    }
  }
  return inside.length === 0 ? null : map.unproject(inside[Math.floor(inside.length / 2)]).toArray();
}

/** Marks of the unknown roads in sight, as a FeatureCollection of points. */
export function reasonsInSight(map, snapshot, nowS) {
  if (!snapshot || map.getZoom() < REASON_ZOOM) return none();
  const layers = TAPPABLE.filter((id) => map.getLayer(id));
  const byPiece = new Map();
  for (const road of map.queryRenderedFeatures({ layers })) if (!byPiece.has(road.id)) byPiece.set(road.id, road);
  const marks = none();
  for (const { id, properties, geometry } of byPiece.values()) {
    if (marks.features.length >= REASONS_MAX) break;
    const reasons = properties.on_plan ? reasonsOf(snapshot, id, properties.oneway ?? 0, nowS) : [];
    const at = reasons.length > 0 ? middleInSight(map, geometry) : null;
    if (at === null) continue;
    const text = reasons.map(shortWord).join(" / ");
    marks.features.push({
      type: "Feature", geometry: { type: "Point", coordinates: at }, properties: { mark: markOf(reasons[0]), text, id },
    });
  }
  return marks;
}

/** Keeps the marks in step with view, states, clock and language. In a replay there are none: reasons are of now. */
export function mount(app) {
  const { page } = app;
  let isPast = false;
  let drawn = "";
  let timer = 0;
  const draw = () => {
    const marks = isPast ? none() : reasonsInSight(page.map, app.snapshot(), app.nowS());
    const key = JSON.stringify(marks.features.map(({ properties }) => properties));
    if (key === drawn && marks.features.length === 0) return;
    drawn = key;
    page.roadMap.show("reasons", marks);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(draw, SETTLE_MS);
  };
  page.map.on("moveend", later);
  page.map.on("sourcedata", ({ sourceId, isSourceLoaded }) => { if (sourceId === "roads" && isSourceLoaded) later(); });
  for (const name of ["snapshot", "tick", "language", "theme"]) app.on(name, later);
  app.on("past", (past) => { isPast = past !== null; later(); });
  later();
}
