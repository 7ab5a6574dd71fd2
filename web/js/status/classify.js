// From a stored state and its absolute times to what may be shown at this moment. Pure: no clock, no page.
//
// A shown code is a small number. Its order carries no meaning; RANK says which of two codes is worse.

export const CODE = Object.freeze({
  NONE: 0, // on nobody's plan: drawn as a plain road
  UNDER_1H: 1,
  UNDER_3H: 2,
  UNDER_6H: 3,
  UNDER_12H: 4,
  UNDER_24H: 5,
  CLEARING: 6,
  UNCLEARED: 7,
  UNKNOWN: 8,
  CLOSED: 9, // traffic may not use this direction
  BESIDE: 10, // on nobody's plan, while the other direction is on one: only ever drawn, see unpack()
});

// Upper bounds of the five age classes of a clearing, in seconds, with their codes.
export const AGE_CLASSES = Object.freeze([
  [3600, CODE.UNDER_1H],
  [3 * 3600, CODE.UNDER_3H],
  [6 * 3600, CODE.UNDER_6H],
  [12 * 3600, CODE.UNDER_12H],
  [24 * 3600, CODE.UNDER_24H],
]);

// A machine that was last seen longer ago than this is no longer said to be at work (status.clearing_min).
export const CLEARING_MAX_S = 3600;

// A larger rank is worse news. Index is the code; CLOSED never takes part.
const RANK = [8, 1, 2, 3, 4, 5, 6, 9, 8, 0];

const STATE_BY_CHAR = { c: "cleared", g: "clearing", u: "uncleared", "?": "unknown", "-": "closed" };

/** The code at `nowS` (epoch seconds) of one direction from bare values: the one rule of what may be said. A missing time
 *  is NaN. Whatever is not known to be good becomes unknown: a clearing without a time, past its valid_until, or older
 *  than the last age class. */
export function codeOf(char, reason, clearedS, validS, observedS, nowS) {
  if (char === "c") {
    if (nowS >= validS) return CODE.UNKNOWN;
    for (const [belowS, code] of AGE_CLASSES) if (nowS - clearedS < belowS) return code;
    return CODE.UNKNOWN;
  }
  if (char === "g") {
    const isFresh = nowS - observedS < CLEARING_MAX_S && !(nowS >= validS);
    return isFresh ? CODE.CLEARING : CODE.UNKNOWN;
  }
  if (char === "u") return CODE.UNCLEARED;
  if (char === "-") return CODE.CLOSED;
  return reason === "not_on_plan" ? CODE.NONE : CODE.UNKNOWN;
}

/** The state at `nowS` of one direction in words: {code, state, reason}. `facts` has char, reason, clearedS, validS,
 *  observedS. */
export function shown(facts, nowS) {
  const code = codeOf(facts.char, facts.reason, facts.clearedS, facts.validS, facts.observedS, nowS);
  const state = STATE_BY_CHAR[facts.char];
  if (code === CODE.CLOSED) return { code, state, reason: "none" };
  const isOver = code === CODE.UNKNOWN && (state === "cleared" || state === "clearing");
  return isOver ? { code, state: "unknown", reason: "expired" } : { code, state: state ?? "unknown", reason: facts.reason };
}

/** The worse of two directions; a closed direction does not count. Half on a plan counts as unknown, so that one
 *  line for both directions is never better than the truth. */
export function worse(forward, backward) {
  if (forward === CODE.CLOSED) return backward === CODE.CLOSED ? CODE.NONE : backward;
  if (backward === CODE.CLOSED) return forward;
  if (forward === backward) return forward;
  const code = RANK[forward] >= RANK[backward] ? forward : backward;
  return code === CODE.NONE ? CODE.UNKNOWN : code;
}
