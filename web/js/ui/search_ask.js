// Questions to the server about places. Nothing but the question is sent, and it goes to the host of this page alone.

import { serviceUrl } from "../config.js";

const TIMEOUT_MS = 10000;

/** The answer of /search; rejects where there is none. near: [lon, lat] or null, told to about 100 m. */
export function askServer(q, language, near, signal) {
  const params = new URLSearchParams({ q, lang: language });
  if (near) params.set("near", near.map((value) => value.toFixed(3)).join(","));
  return read(`search?${params}`, signal);
}

/** The answer of /search/near: the road nearest to a place, told to about 10 m. */
export function askNear(lon, lat, language) {
  return read(`search/near?${new URLSearchParams({ at: `${lon.toFixed(4)},${lat.toFixed(4)}`, lang: language })}`);
}

/** The card of a road in one language; null where there is no such road any more. */
export async function askRoad(pieceId, language) {
  try {
    return await read(`status/road/${pieceId}?lang=${language}`);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

async function read(path, signal) {
  const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
  const response = await fetch(serviceUrl(path), { signal: AbortSignal.any(signals) });
  if (response.ok) return response.json();
  const error = new Error(`${path.split("?")[0]}: the server answered ${response.status}`);
  error.status = response.status;
  throw error;
}
