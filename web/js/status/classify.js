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

/** The state at `nowS` (epoch seconds) of one direction: {code, state, reason}.
 *  `facts` has char, reason, clearedS, validS, observedS; a missing time is NaN. Whatever is not known to be good
 *  becomes unknown: a clearing without a time, past its valid_until, or older than the last age class. */
export function shown(facts, nowS) {
  const state = STATE_BY_CHAR[facts.char];
  if (state === "closed") return { code: CODE.CLOSED, state, reason: "none" };
  if (state === "cleared") return shownCleared(facts, nowS);
  if (state === "clearing") {
    const isFresh = nowS - facts.observedS < CLEARING_MAX_S && !(nowS >= facts.validS);
    if (isFresh) return { code: CODE.CLEARING, state, reason: facts.reason };
    return { code: CODE.UNKNOWN, state: "unknown", reason: "expired" };
  }
  if (state === "uncleared") return { code: CODE.UNCLEARED, state, reason: facts.reason };
  const code = facts.reason === "not_on_plan" ? CODE.NONE : CODE.UNKNOWN;
  return { code, state: "unknown", reason: facts.reason };
}

function shownCleared(facts, nowS) {
  const ageS = nowS - facts.clearedS;
  if (!(nowS >= facts.validS)) {
    for (const [belowS, code] of AGE_CLASSES) {
      if (ageS < belowS) return { code, state: "cleared", reason: facts.reason };
    }
  }
  return { code: CODE.UNKNOWN, state: "unknown", reason: "expired" };
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
