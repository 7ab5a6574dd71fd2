// Keeps the states on this device, as they stand, for an opening without a connection. What is kept are moments, never
// ages: cleared roads run out by the clock from then on as well.

import { asOfS, presentS } from "../clock.js";
import { serviceUrl } from "../config.js";
import { readSnapshot } from "./snapshot.js";

/** The cache of the browser that holds it; web/sw.js knows it by the same name. */
export const STATES_CACHE = "yuki-states";
const ADDRESS = "status/snapshot?kept";
const KEEP_EVERY_MS = 120000;
const MISSING = -1;

let latest = null; // what is to be kept
let writtenMs = 0;
let timer = 0;

/** Keeps a snapshot soon: at most every two minutes, and when the page is left. */
export function keepInTime(held) {
  if (typeof caches === "undefined") return; // only where pages are served over https, or from this machine
  if (latest === null) document.addEventListener("visibilitychange", () => { if (document.hidden) write(); });
  latest = held;
  if (timer) return;
  timer = setTimeout(write, Math.max(0, writtenMs + KEEP_EVERY_MS - Date.now()));
}

async function write() {
  clearTimeout(timer);
  timer = 0;
  writtenMs = Date.now();
  try {
    const headers = {
      "Content-Type": "application/json",
      Date: new Date(presentS() * 1000).toUTCString(),
      "Last-Modified": new Date(asOfS() * 1000).toUTCString(),
      "X-Yukimichi-Kept": String(Date.now()),
    };
    const body = await packed(JSON.stringify(rawOf(latest)));
    const cache = await caches.open(STATES_CACHE);
    await cache.put(serviceUrl(ADDRESS), new Response(body, { headers }));
  } catch (error) {
    console.warn(`the states were not kept: ${error.message}`); // no room, or storage is forbidden
  }
}

/** {snapshot, response}: what was kept last, and an answer with the times of it; null where there is nothing. */
export async function readKept() {
  if (typeof caches === "undefined") return null;
  try {
    const response = await caches.match(serviceUrl(ADDRESS), { cacheName: STATES_CACHE });
    if (!response) return null;
    return { snapshot: readSnapshot(JSON.parse(await unpacked(response.clone()))), response };
  } catch (error) {
    console.warn(`what was kept cannot be read: ${error.message}`);
    return null;
  }
}

async function packed(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

function unpacked(response) {
  return new Response(response.body.pipeThrough(new DecompressionStream("gzip"))).text();
}

/** A held snapshot in the JSON form of /status/snapshot (docs/api.md), its times counted from the epoch. */
export function rawOf(held) {
  const reasons = [...new Set([...held.forward.reason, ...held.backward.reason])];
  const number = new Map(reasons.map((reason, i) => [reason, i]));
  const direction = ({ char, reason, clearedS, validS, observedS, coveredPercent }) => {
    const [cleared_s, valid_s, observed_s] = [clearedS, validS, observedS]
      .map((times) => times.map((s) => (Number.isNaN(s) ? MISSING : s)));
    const state = char.join("");
    return { state, reason: reason.map((one) => number.get(one)), cleared_s, valid_s, observed_s, covered: coveredPercent };
  };
  return {
    network_version: held.networkVersion, roads_version: held.roadsVersion, status_version: held.statusVersion,
    stream_id: held.streamId, event: held.event, synthetic: held.isSynthetic, default_reason: held.defaultReason,
    n: held.pieceId.length, base_at: 0, reasons,
    piece_id: held.pieceId.map((piece, i) => piece - (i > 0 ? held.pieceId[i - 1] : 0)),
    forward: direction(held.forward), backward: direction(held.backward),
  };
}
