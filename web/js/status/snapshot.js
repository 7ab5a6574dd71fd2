// Reads the compact snapshot of the whole prefecture into columns, carries them on by what has changed since, and
// classifies them for a moment in time.

import { CODE, codeOf, worse } from "./classify.js";
import { readStates } from "./packed.js";

const DIRECTIONS = ["forward", "backward"];
const COLUMNS = ["char", "reason", "clearedS", "validS", "observedS", "coveredPercent"];

/** Checks and unpacks the JSON of /status/snapshot. Throws when columns do not fit together. */
export function readSnapshot(raw) {
  return held(raw, readColumns(raw, "snapshot"));
}

/** The same from the packed form and its index ({roadsVersion, edgeIds}). Null where the index is of other roads. */
export function readPackedSnapshot(buffer, index) {
  const pieces = new Map(); // piece -> [forward, backward], both closed until told
  const head = readStates(buffer, (position, facts) => {
    const edge = index.edgeIds[position];
    const piece = Math.floor(edge / 2);
    if (!pieces.has(piece)) pieces.set(piece, [null, null]);
    pieces.get(piece)[edge % 2] = facts;
  });
  if (head.roads_version !== index.roadsVersion) return null;
  if (head.n_edges !== index.edgeIds.length) throw new Error("snapshot: its index has other edges");
  const isTold = (facts) => facts && !(facts.char === "?" && facts.reason === head.default_reason
    && Number.isNaN(facts.observedS));
  const listed = [...pieces].filter(([, both]) => both.some(isTold)).sort(([a], [b]) => a - b);
  const columns = { pieceId: listed.map(([piece]) => piece) };
  DIRECTIONS.forEach((name, side) => {
    columns[name] = Object.fromEntries(COLUMNS.map((column) => [column, []]));
    for (const [, both] of listed) for (const column of COLUMNS) columns[name][column].push((both[side] ?? CLOSED)[column]);
  });
  return held(head, columns);
}

const CLOSED = Object.freeze({
  char: "-", reason: "none", clearedS: NaN, validS: NaN, observedS: NaN, coveredPercent: 0,
});

function held(raw, columns) {
  return {
    networkVersion: raw.network_version,
    roadsVersion: raw.roads_version,
    statusVersion: raw.status_version,
    streamId: raw.stream_id,
    event: raw.event,
    isSynthetic: raw.synthetic === true,
    defaultReason: raw.default_reason,
    ...columns,
    positionOf: new Map(columns.pieceId.map((piece, i) => [piece, i])),
    readVersion: raw.status_version,
    changedVersionOf: new Map(), // of pieces that have changed since it was read
  };
}

/** Applies the JSON of /status/changes in place. False, with nothing done, where the snapshot has to be fetched again.
 *  Throws, with nothing done, when columns do not fit together. */
export function applyChanges(snapshot, raw) {
  const isOther = raw.roads_version !== snapshot.roadsVersion || raw.event.event_id !== snapshot.event.event_id;
  if (raw.reload !== false || isOther || raw.status_version < snapshot.statusVersion) return false;
  const told = readColumns(raw, "changes");
  const gone = idsOf(raw.gone);
  for (const piece of gone) remove(snapshot, piece);
  told.pieceId.forEach((piece, i) => put(snapshot, piece, told, i));
  for (const piece of [...gone, ...told.pieceId]) snapshot.changedVersionOf.set(piece, raw.status_version);
  snapshot.statusVersion = raw.status_version;
  snapshot.streamId = raw.stream_id;
  snapshot.event = raw.event;
  snapshot.isSynthetic = raw.synthetic === true;
  return true;
}

/** The last status version in which a piece may have changed. */
export function versionOf(snapshot, pieceId) {
  return snapshot.changedVersionOf.get(pieceId) ?? snapshot.readVersion;
}

// Order carries no meaning in what is held: a new piece comes last, and the last one fills the place of one that goes.
function put(snapshot, piece, told, from) {
  const to = snapshot.positionOf.get(piece) ?? snapshot.pieceId.length;
  snapshot.positionOf.set(piece, to);
  snapshot.pieceId[to] = piece;
  copy(told, from, snapshot, to);
}

function remove(snapshot, piece) {
  const hole = snapshot.positionOf.get(piece);
  if (hole === undefined) return;
  const last = snapshot.pieceId.length - 1;
  snapshot.pieceId[hole] = snapshot.pieceId[last];
  snapshot.positionOf.set(snapshot.pieceId[hole], hole);
  snapshot.positionOf.delete(piece);
  copy(snapshot, last, snapshot, hole);
  snapshot.pieceId.pop();
  for (const name of DIRECTIONS) for (const column of COLUMNS) snapshot[name][column].pop();
}

function copy(source, from, target, to) {
  for (const name of DIRECTIONS) for (const column of COLUMNS) target[name][column][to] = source[name][column][from];
}

function idsOf(deltas) {
  let id = 0;
  return deltas.map((delta) => { id += delta; return id; });
}

function readColumns(raw, what) {
  if (raw.piece_id.length !== raw.n) throw new Error(`${what}: ${raw.piece_id.length} ids for n = ${raw.n}`);
  const columns = { pieceId: idsOf(raw.piece_id) };
  for (const name of DIRECTIONS) columns[name] = readDirection(raw, name, what);
  return columns;
}

function readDirection(raw, name, what) {
  const columns = raw[name];
  for (const column of ["state", "reason", "cleared_s", "valid_s", "observed_s", "covered"]) {
    if (columns[column].length !== raw.n) throw new Error(`${what}: ${name}.${column} does not have n = ${raw.n} values`);
  }
  const at = (values) => values.map((s) => (s < 0 ? NaN : raw.base_at + s));
  return {
    char: [...columns.state],
    reason: columns.reason.map((i) => raw.reasons[i]),
    clearedS: at(columns.cleared_s),
    validS: at(columns.valid_s),
    observedS: at(columns.observed_s),
    coveredPercent: columns.covered,
  };
}

/** What the snapshot says about one direction of the piece at position i. A snapshot of the past works it out when it is
 *  asked (time/track.js). */
export function factsAt(direction, i) {
  if (direction.factsAt) return direction.factsAt(i);
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
  if (snapshot.codesAt) return snapshot.codesAt(nowS);
  const n = snapshot.pieceId.length;
  const codes = new Uint16Array(n);
  const code = ({ char, reason, clearedS, validS, observedS }, i) =>
    codeOf(char[i], reason[i], clearedS[i], validS[i], observedS[i], nowS);
  for (let i = 0; i < n; i += 1) codes[i] = pack(code(snapshot.forward, i), code(snapshot.backward, i));
  return codes;
}

/** Stands among codes for a piece of which nothing is told: the map shows what it shows of roads that are not listed. */
export const UNLISTED = 0xffff;

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
