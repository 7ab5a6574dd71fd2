// Reads the compact snapshot of the whole prefecture into flat arrays, and classifies them for a moment in time.

import { CODE, shown, worse } from "./classify.js";

const DIRECTIONS = ["forward", "backward"];

/** Checks and unpacks the JSON of /status/snapshot. Throws when columns do not fit together. */
export function readSnapshot(raw) {
  const n = raw.n;
  const pieceId = new Float64Array(n);
  if (raw.piece_id.length !== n) throw new Error(`snapshot: ${raw.piece_id.length} ids for n = ${n}`);
  let id = 0;
  for (let i = 0; i < n; i += 1) pieceId[i] = id += raw.piece_id[i];
  const snapshot = {
    roadsVersion: raw.roads_version,
    statusVersion: raw.status_version,
    event: raw.event,
    isSynthetic: raw.synthetic === true,
    defaultReason: raw.default_reason,
    pieceId,
    positionOf: new Map(Array.from(pieceId, (piece, i) => [piece, i])),
  };
  for (const name of DIRECTIONS) snapshot[name] = readDirection(raw, name, n);
  return snapshot;
}

function readDirection(raw, name, n) {
  const columns = raw[name];
  for (const column of ["state", "reason", "cleared_s", "valid_s", "observed_s", "covered"]) {
    if (columns[column].length !== n) throw new Error(`snapshot: ${name}.${column} does not have n = ${n} values`);
  }
  const at = (values) => Float64Array.from(values, (s) => (s < 0 ? NaN : raw.base_at + s));
  return {
    char: columns.state,
    reason: columns.reason.map((i) => raw.reasons[i]),
    clearedS: at(columns.cleared_s),
    validS: at(columns.valid_s),
    observedS: at(columns.observed_s),
    coveredPercent: Uint8Array.from(columns.covered),
  };
}

/** What the snapshot says about one direction of the piece at position i. */
export function factsAt(direction, i) {
  return {
    char: direction.char[i],
    reason: direction.reason[i],
    clearedS: direction.clearedS[i],
    validS: direction.validS[i],
    observedS: direction.observedS[i],
    coveredPercent: direction.coveredPercent[i],
  };
}

/** Facts of both directions of a piece by its id; pieces that are not listed are unknown by the default reason. */
export function factsOf(snapshot, pieceId, oneway = 0) {
  const i = snapshot.positionOf.get(pieceId);
  const missing = (isClosed) => ({
    char: isClosed ? "-" : "?", reason: snapshot.defaultReason,
    clearedS: NaN, validS: NaN, observedS: NaN, coveredPercent: 0,
  });
  if (i === undefined) return { forward: missing(oneway === -1), backward: missing(oneway === 1) };
  return { forward: factsAt(snapshot.forward, i), backward: factsAt(snapshot.backward, i) };
}

/** Codes of all listed pieces at nowS: one number a piece, forward + 16 * backward + 256 * worse. */
export function classifyAll(snapshot, nowS) {
  const n = snapshot.pieceId.length;
  const codes = new Uint16Array(n);
  for (let i = 0; i < n; i += 1) {
    const forward = shown(factsAt(snapshot.forward, i), nowS).code;
    const backward = shown(factsAt(snapshot.backward, i), nowS).code;
    codes[i] = pack(forward, backward);
  }
  return codes;
}

export function pack(forward, backward) {
  return forward + 16 * backward + 256 * worse(forward, backward);
}

/** The three parts of a packed code as feature state: f, b and w (worse), as codes that the style draws. */
export function unpack(code) {
  const w = code >> 8;
  const drawn = (part) => {
    if (part === CODE.CLOSED) return CODE.NONE;
    return part === CODE.NONE && w !== CODE.NONE ? CODE.BESIDE : part;
  };
  return { f: drawn(code & 15), b: drawn((code >> 4) & 15), w };
}
