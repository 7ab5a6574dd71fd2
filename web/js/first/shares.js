// What an area of the summary says at a moment: kilometres and whole percent by state. Pure: no clock, no page.
//
// Clearings end by themselves: `cleared_ends` and `clearing_ends` are [epoch seconds, km], and what has ended is unknown.
// The server does the same with the same numbers in tiles/summary_words.py.

export const STATES = Object.freeze(["cleared", "clearing", "uncleared", "unknown"]);

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/** {cleared, clearing, uncleared, unknown} in km at nowS, and `expired`: how much of the unknown has just run out. */
export function kmAt(area, nowS) {
  const ended = (ends) => sum(ends.filter(([atS]) => atS <= nowS).map(([, km]) => km));
  const km = { ...area.km };
  let expired = 0;
  for (const state of ["cleared", "clearing"]) {
    const gone = Math.min(km[state], ended(area[`${state}_ends`]));
    km[state] -= gone;
    expired += gone;
  }
  km.unknown += expired;
  return { ...km, expired };
}

/** Whole percent of the planned kilometres that add up to 100; null where nothing is planned. What is good is rounded
 *  down, what is not up to the next, and the unknown takes what is left: nothing looks better than it is. */
export function percentAt(area, nowS) {
  const km = kmAt(area, nowS);
  const total = sum(STATES.map((state) => km[state]));
  if (!(total > 0)) return null;
  const share = (state) => Math.floor((100 * km[state]) / total + 1e-9);
  const percent = { cleared: share("cleared"), clearing: share("clearing"), uncleared: share("uncleared"), unknown: 0 };
  const left = 100 - percent.cleared - percent.clearing - percent.uncleared;
  if (km.unknown > 0) percent.unknown = left;
  else if (km.uncleared > 0) percent.uncleared += left;
  else if (km.clearing > 0) percent.clearing += left;
  else percent.cleared += left;
  return percent;
}
