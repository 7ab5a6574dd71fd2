// A time that is held in memory: every change of every edge as columns of numbers, and a cursor that runs along them,
// forwards and backwards. Pure: no clock, no page.

import { codeOf } from "../status/classify.js";
import { NO_STEP } from "../status/packed.js";
import { UNLISTED, pack } from "../status/snapshot.js";

const FLAG_OBSERVED = 4; // of a kind's bits (docs/api.md, "Packed bytes")

export class Track {
  #loaded;
  #last; // per edge the change that holds at the cursor, -1: none yet
  #n = 0; // changes before the cursor
  #kinds; // per kind {char, reason, isDefault}; isDefault: it says no more than that nothing is told

  /** `loaded` is what time/decode.js gives. */
  constructor(loaded) {
    this.#loaded = loaded;
    this.#last = new Int32Array(loaded.index.nEdges).fill(-1);
    const { kinds, reasons, default_reason: reason } = loaded.head;
    this.#kinds = kinds.map(([char, r, bits]) => ({
      char, reason: reasons[r], isDefault: char === "?" && reasons[r] === reason && !(bits & FLAG_OBSERVED),
    }));
    this.head = loaded.head;
    this.positionOf = new Map(Array.from(loaded.index.pieceId, (piece, i) => [piece, i]));
  }

  get pieceId() { return this.#loaded.index.pieceId; }

  get nBytes() { return this.#loaded.nBytes; }

  /** The number of the frame that holds at a moment (epoch seconds); -1 before the first. */
  frameAt(atS) {
    const { atS: moments } = this.#loaded;
    let [low, high] = [0, moments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (moments[middle] <= atS) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Brings the cursor to a moment. Returns how many changes it ran over. */
  seek(atS) {
    const { end, edge, before } = this.#loaded;
    const frame = this.frameAt(atS);
    const target = frame < 0 ? 0 : end[frame];
    const ran = Math.abs(target - this.#n);
    for (; this.#n < target; this.#n += 1) this.#last[edge[this.#n]] = this.#n;
    while (this.#n > target) {
      this.#n -= 1;
      this.#last[edge[this.#n]] = before[this.#n];
    }
    return ran;
  }

  #codeAt(position, nowS) {
    const { kind, cleared, valid, observed, head } = this.#loaded;
    const i = this.#last[position];
    const { char, reason } = this.#kinds[kind[i]];
    const stepS = head.step_s;
    return codeOf(char, reason, secondsOf(cleared[i], stepS), secondsOf(valid[i], stepS), secondsOf(observed[i], stepS), nowS);
  }

  #isTold(position) {
    const i = position < 0 ? -1 : this.#last[position];
    return i >= 0 && !this.#kinds[this.#loaded.kind[i]].isDefault;
  }

  /** The packed code of the piece at a position of `pieceId`, at the cursor; UNLISTED where nothing is told of it. */
  codeOfPiece(at, nowS) {
    const { forward, backward } = this.#loaded.index;
    const [f, b] = [forward[at], backward[at]];
    if (!this.#isTold(f) && !this.#isTold(b)) return UNLISTED;
    return pack(this.#side(f, nowS), this.#side(b, nowS));
  }

  #side(position, nowS) {
    if (position < 0) return codeOf("-", "none", NaN, NaN, NaN, nowS);
    if (this.#last[position] < 0) return codeOf("?", this.head.default_reason, NaN, NaN, NaN, nowS);
    return this.#codeAt(position, nowS);
  }

  /** The facts of one direction (0 forward, 1 backward) of the piece at a position of `pieceId`, as a snapshot has them. */
  factsAt(side, at) {
    const { index, kind, covered, cleared, valid, observed, head } = this.#loaded;
    const position = (side === 0 ? index.forward : index.backward)[at];
    const none = { clearedS: NaN, validS: NaN, observedS: NaN, coveredPercent: 0 };
    if (position < 0) return { char: "-", reason: "none", ...none };
    const i = this.#last[position];
    if (i < 0) return { char: "?", reason: head.default_reason, ...none };
    const { char, reason } = this.#kinds[kind[i]];
    const [clearedS, validS, observedS] = [cleared, valid, observed].map((steps) => secondsOf(steps[i], head.step_s));
    return { char, reason, clearedS, validS, observedS, coveredPercent: covered[i] };
  }
}

function secondsOf(step, stepS) {
  return step === NO_STEP ? NaN : step * stepS;
}

/** A track at its cursor in the form of a snapshot, for everything that reads one: facts and codes are worked out when
 *  they are asked for. */
export function snapshotOf(track, atS) {
  const { head } = track;
  return {
    isPast: true,
    atS,
    networkVersion: head.network_version,
    roadsVersion: head.roads_version,
    statusVersion: `past-${atS}`,
    streamId: null,
    event: head.event,
    past: head.past ?? null,
    isSynthetic: head.synthetic === true,
    defaultReason: head.default_reason,
    pieceId: track.pieceId,
    positionOf: track.positionOf,
    forward: { factsAt: (i) => track.factsAt(0, i) },
    backward: { factsAt: (i) => track.factsAt(1, i) },
    readVersion: `past-${atS}`,
    changedVersionOf: new Map(),
    codesAt: (nowS) => Uint16Array.from(track.pieceId, (_, i) => track.codeOfPiece(i, nowS)),
    codeOfPiece: (i, nowS) => track.codeOfPiece(i, nowS),
  };
}
