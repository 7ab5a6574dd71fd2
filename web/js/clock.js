// The time that ages are counted by: the server's, carried on by this device while there is no connection.
// A phone with a wrong clock must not make a clearing look younger than it is.

// What was kept longer ago than this says nothing of now. It stands for a time that cannot be known too: where the clock
// of the device was set back since, nothing may look younger than it is.
const LONG_AGO_MS = 240 * 3600 * 1000;
const SET_BACK_MS = 60000;

let skewMs = 0;
let dataMs = NaN;
let pastS = null;

/** The moment that is shown, in epoch seconds: the service's present time, or the moment of the past that was chosen. */
export function nowS() {
  return pastS ?? presentS();
}

/** The service's present time in epoch seconds, whatever is shown. */
export function presentS() {
  return (Date.now() + skewMs) / 1000;
}

/** Shows a moment of the past from now on; null: the present again. */
export function setPast(atS) {
  pastS = atS;
}

/** Up to which moment the shown states are known to hold, in epoch seconds; NaN before the first answer. */
export function asOfS() {
  return dataMs / 1000;
}

/** Takes the times of an answer about the states. Last-Modified is the moment of the data: a storm that is replayed
 *  faster than time runs is ahead of the server's clock, and the later of the two counts. An answer out of a cache
 *  says in Age how many seconds it lay there, one that this device kept when that was by its own clock. */
export function setFromAnswer(response) {
  const date = (name) => Date.parse(response.headers.get(name) ?? "");
  const laidMs = 1000 * Number(response.headers.get("Age") ?? 0) + keptForMs(response);
  const serverMs = Number.isNaN(date("Date")) ? Date.now() : date("Date") + laidMs;
  dataMs = Number.isNaN(date("Last-Modified")) ? serverMs : date("Last-Modified");
  skewMs = Math.max(serverMs, dataMs) - Date.now();
}

function keptForMs(response) {
  const keptAt = response.headers.get("X-Yukimichi-Kept");
  if (keptAt === null) return 0;
  const laidMs = Date.now() - Number(keptAt);
  return laidMs < -SET_BACK_MS ? LONG_AGO_MS : Math.max(0, laidMs);
}

/** Takes the moment of data that came without an answer of its own (RFC 3339). */
export function setFromEvent(asOf) {
  const atMs = Date.parse(asOf);
  if (!Number.isNaN(atMs)) dataMs = atMs;
}

/** Takes the times that the page itself brought: when the server filled it, and the moment of its data (RFC 3339). A page
 *  may have lain in a cache, so it can only put a clock right that is slow, never one that is ahead. */
export function setFromStart(servedAt, asOf) {
  const [servedMs, asOfMs] = [Date.parse(servedAt), Date.parse(asOf)];
  if (!Number.isNaN(asOfMs)) dataMs = asOfMs;
  const latestMs = Math.max(...[servedMs, asOfMs].filter((ms) => !Number.isNaN(ms)));
  skewMs = Math.max(0, latestMs - Date.now());
}

/** Calls `tick` every `ms`, and at once when the page is shown again. */
export function every(ms, tick) {
  setInterval(tick, ms);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
}
