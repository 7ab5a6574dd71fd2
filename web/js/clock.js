// The time that ages are counted by: the server's, carried on by this device while there is no connection.
// A phone with a wrong clock must not make a clearing look younger than it is.

let skewMs = 0;
let contactMs = NaN;
let aheadMs = 0; // a storm that is replayed faster than time runs ahead of the server's clock

/** The service's present time in epoch seconds. */
export function nowS() {
  return (Date.now() + skewMs) / 1000;
}

/** Epoch seconds of the last answer of the server, NaN before the first. */
export function contactS() {
  return contactMs / 1000;
}

/** Takes the server's time from an answer. `asOfS` is the time of the data when the answer carries it: the service is
 *  never earlier than that. An answer out of a cache says in Age how many seconds it lay there. */
export function setFromAnswer(response, asOfS = NaN) {
  const dated = Date.parse(response.headers.get("Date") ?? "");
  const laidMs = 1000 * Number(response.headers.get("Age") ?? 0);
  const serverMs = Number.isNaN(dated) ? Date.now() : dated + laidMs;
  if (!Number.isNaN(asOfS)) aheadMs = Math.max(0, asOfS * 1000 - serverMs);
  contactMs = serverMs + aheadMs;
  skewMs = contactMs - Date.now();
}

/** Calls `tick` every `ms`, and at once when the page is shown again. */
export function every(ms, tick) {
  setInterval(tick, ms);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
}
