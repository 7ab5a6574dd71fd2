// What the server tells of a road, and how it went.

import { serviceUrl } from "../config.js";

const TIMEOUT_MS = 12000;

/** Asks for the card of a piece, now or at a moment (RFC 3339). One of {card}, {heirId}: the piece that took its place,
 *  {isGone: true}: there is none or nothing is known of the moment. Throws where no answer came. */
export async function fetchCard(pieceId, at = null) {
  const query = at === null ? "" : `?at=${encodeURIComponent(at)}`;
  const url = serviceUrl(`status/road/${pieceId}${query}`);
  const response = await fetch(url, { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (response.status === 404) {
    const { heir_piece_id: heirId } = await response.json().catch(() => ({}));
    return Number.isSafeInteger(heirId) ? { heirId } : { isGone: true };
  }
  if (!response.ok) throw new Error(`status/road/${pieceId}: the server answered ${response.status}`);
  return { card: await response.json() };
}
