// Reads the packed forms of states (docs/api.md, "Packed bytes"): a header in JSON, then columns of varints.

const FLAG = { CLEARED: 1, VALID: 2, OBSERVED: 4, COVERED_WHOLE: 8, COVERED_TOLD: 16 };

/** Stands for a missing time in columns of whole steps. */
export const NO_STEP = -(2 ** 31);

/** {magic, head, columns} of a file; a column is an array of unsigned numbers. Throws where bytes do not fit. */
function open(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const utf8 = new TextDecoder();
  const magic = utf8.decode(bytes.subarray(0, 4));
  let at = 8 + view.getUint32(4, true);
  const head = JSON.parse(utf8.decode(bytes.subarray(8, at)));
  const columns = {};
  for (const [name, count, length] of head.columns) {
    columns[name] = varints(bytes.subarray(at, at + length), count, name);
    at += length;
  }
  if (at !== bytes.length) throw new Error(`packed: ${bytes.length} bytes where ${at} are told`);
  return { magic, head, columns };
}

// Ids of edges may have more than 32 bits, so that shifts of bits do not do.
function varints(bytes, count, name) {
  const found = new Array(count);
  let n = 0;
  let value = 0;
  let factor = 1;
  for (const byte of bytes) {
    value += (byte & 127) * factor;
    factor *= 128;
    if (byte > 127) continue;
    found[n] = value;
    n += 1;
    value = 0;
    factor = 1;
  }
  if (n !== count || factor !== 1) throw new Error(`packed: ${n} numbers in ${name} where ${count} are told`);
  return found;
}

function signed(value) {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

/** Ids of the edges in their order. */
export function readIndex(buffer) {
  const { magic, head, columns } = open(buffer);
  if (magic !== "YKI1") throw new Error(`packed: ${magic} is no index`);
  let id = 0;
  const edgeIds = columns.edge_id.map((change) => { id += signed(change); return id; });
  return { roadsVersion: head.roads_version, edgeIds };
}

/** `count` values of a column that is told as values and lengths of runs. */
function runs(columns, name, count) {
  const found = new Uint16Array(count);
  let n = 0;
  columns[`${name}_value`].forEach((value, i) => {
    const end = n + columns[`${name}_run`][i];
    found.fill(value, n, end);
    n = end;
  });
  if (n !== count) throw new Error(`packed: ${n} records where ${count} are told`);
  return found;
}

/** A function that gives the next of alternating no and yes, told as lengths of runs. */
function flags(lengths) {
  let run = 0;
  let left = lengths[0] ?? 0;
  return () => {
    while (left === 0) {
      run += 1;
      left = lengths[run] ?? Infinity;
    }
    left -= 1;
    return run % 2 === 1;
  };
}

/** A function that gives the next number of a column that mostly stays. */
function steps(columns, name) {
  const stays = columns[`${name}_stay`];
  const changes = columns[`${name}_step`];
  let value = 0;
  let run = 0;
  let left = stays[0] ?? 0;
  return () => {
    if (left > 0) left -= 1;
    else {
      value += signed(changes[run]);
      run += 1;
      left = stays[run];
    }
    return value;
  };
}

/** Calls each(i, kind, cleared, valid, observed, coveredPercent) for `count` records; times in steps after the record's
 *  base, NaN for none. */
function eachRecord(head, columns, count, each) {
  const kinds = runs(columns, "kind", count);
  const [time, apart, after] = ["time", "observed", "valid"].map((name) => steps(columns, name));
  const later = flags(columns.later_run);
  let told = 0;
  for (let i = 0; i < count; i += 1) {
    const bits = head.kinds[kinds[i]][2];
    const main = bits & (FLAG.CLEARED | FLAG.OBSERVED) ? time() : 0;
    let observed = NaN;
    if (bits & FLAG.OBSERVED) observed = bits & FLAG.CLEARED && later() ? apart() : main;
    const covered = bits & FLAG.COVERED_WHOLE ? 100 : bits & FLAG.COVERED_TOLD ? columns.covered[told++] : 0;
    each(i, kinds[i], bits & FLAG.CLEARED ? main : NaN, bits & FLAG.VALID ? main + after() : NaN, observed, covered);
  }
}

/** Calls each(position, {char, reason, clearedS, validS, observedS, coveredPercent}) for every edge of a snapshot, in the
 *  order of the index; a missing time is NaN. Returns the header. */
export function readStates(buffer, each) {
  const { magic, head, columns } = open(buffer);
  if (magic !== "YKS1") throw new Error(`packed: ${magic} is no snapshot`);
  const at = (step) => head.base_at + step * head.step_s;
  eachRecord(head, columns, head.n_edges, (position, kind, cleared, valid, observed, coveredPercent) => {
    const [char, reason] = head.kinds[kind];
    each(position, {
      char, reason: head.reasons[reason], clearedS: at(cleared), validS: at(valid), observedS: at(observed), coveredPercent,
    });
  });
  return head;
}

/** What is told of a time for replay, as columns of numbers: a replay (YKR1), or a snapshot (YKS1) as a replay of one
 *  moment. Moments of frames are seconds since the epoch, times of changes whole steps since the epoch, NO_STEP for none. */
export function readReplay(buffer) {
  const { magic, head, columns } = open(buffer);
  if (magic !== "YKR1" && magic !== "YKS1") throw new Error(`packed: ${magic} is no replay`);
  const isOne = magic === "YKS1";
  const n = isOne ? head.n_edges : head.n_changes;
  const changes = {
    edge: new Int32Array(n), kind: new Uint16Array(n), covered: new Uint8Array(n),
    cleared: new Int32Array(n), valid: new Int32Array(n), observed: new Int32Array(n),
  };
  const frames = isOne ? oneFrame(head, changes) : readFrames(head, columns, changes);
  const stepOf = (frame) => Math.floor((isOne ? head.base_at : frames.atS[frame]) / head.step_s);
  let frame = 0;
  let base = stepOf(0);
  const time = (step) => (Number.isNaN(step) ? NO_STEP : base + step);
  eachRecord(head, columns, n, (i, kind, cleared, valid, observed, covered) => {
    while (i >= frames.end[frame]) base = stepOf(frame += 1);
    changes.kind[i] = kind;
    changes.covered[i] = covered;
    [changes.cleared[i], changes.valid[i], changes.observed[i]] = [time(cleared), time(valid), time(observed)];
  });
  return { head, frames, changes };
}

function oneFrame(head, changes) {
  for (let i = 0; i < head.n_edges; i += 1) changes.edge[i] = i;
  return { atS: Float64Array.of(Date.parse(head.as_of) / 1000), end: Int32Array.of(head.n_edges) };
}

function readFrames(head, columns, changes) {
  const frames = { atS: new Float64Array(head.n_frames), end: new Int32Array(head.n_frames) };
  const ahead = steps(columns, "edge");
  let atS = head.base_at;
  let n = 0;
  for (let frame = 0; frame < head.n_frames; frame += 1) {
    atS += columns.frame_wait[frame];
    const end = n + columns.frame_n[frame];
    for (let edge = -1; n < end; n += 1) {
      edge += ahead() + 1;
      changes.edge[n] = edge;
    }
    frames.atS[frame] = atS;
    frames.end[frame] = end;
  }
  if (n !== head.n_changes) throw new Error(`packed: ${n} changes where ${head.n_changes} are told`);
  return frames;
}
