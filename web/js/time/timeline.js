// Which spans of the past can be looked at, and what tells of a moment in them. Pure: no clock, no page.

export const STEP_S = 300; // moments are told in steps of five minutes
const DAY_S = 86400;
const PIECE = "f=packed"; // the packed form of answers

const seconds = (text) => Date.parse(text) / 1000;
const iso = (atS) => new Date(atS * 1000).toISOString().replace(".000Z", "Z");
const down = (atS) => Math.floor(atS / STEP_S) * STEP_S;
const up = (atS) => Math.ceil(atS / STEP_S) * STEP_S;

/** The spans to choose from: the last 24 hours, then every storm and callout, the newest first. `events` is what
 *  /status/history lists. Each is {id, name, fromS, toS}, in whole steps that lie in it; name is null for the last 24 hours. */
export function spansOf(events, nowS) {
  const toS = down(nowS);
  const day = { id: "day", name: null, fromS: toS - DAY_S, toS };
  const storms = events.map(({ event, from_at: from, to_at: to }) => (
    { id: String(event.event_id), name: event.name, fromS: up(seconds(from)), toS: down(seconds(to)) }
  )).filter((span) => span.toS > span.fromS);
  return [day, ...storms];
}

/** What tells of a moment: {path, isReplay}. A storm is told whole, change by change; of events that overlap the one that
 *  began last holds, as for the present. Between storms each moment is asked for by itself. */
export function sourceAt(span, events, atS) {
  if (span.id !== "day") return { path: `status/history/${span.id}?${PIECE}`, isReplay: true };
  let best = null;
  for (const one of events) {
    const [fromS, toS] = [seconds(one.from_at), seconds(one.to_at)];
    if (fromS <= atS && atS <= toS && !(best && best.fromS > fromS)) best = { fromS, toS, id: one.event.event_id };
  }
  if (!best) return { path: `status/snapshot?at=${iso(atS)}&${PIECE}`, isReplay: false };
  const from = best.fromS < span.fromS ? `&from=${iso(span.fromS)}` : "";
  return { path: `status/history/${best.id}?${PIECE}${from}`, isReplay: true };
}

/** The moment of a text, brought into whole steps; null where it is none. */
export function momentOf(text) {
  const atS = seconds(text ?? "");
  return Number.isNaN(atS) ? null : down(atS);
}

/** The span that a moment lies in: the last 24 hours where it can be, else the shortest one; null where there is none. */
export function spanWith(spans, atS) {
  const found = spans.filter(({ fromS, toS }) => fromS <= atS && atS <= toS);
  const length = ({ id, fromS, toS }) => (id === "day" ? 0 : toS - fromS);
  return found.sort((a, b) => length(a) - length(b))[0] ?? null;
}

export { iso };
