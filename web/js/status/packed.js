// Reads the packed forms of states (docs/api.md, "Packed bytes"): a header in JSON, then columns of varints.

const FLAG = { CLEARED: 1, VALID: 2, OBSERVED: 4, COVERED_WHOLE: 8, COVERED_TOLD: 16 };

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

function runs(columns, name) {
  const found = [];
  columns[`${name}_value`].forEach((value, i) => {
    for (let n = columns[`${name}_run`][i]; n > 0; n -= 1) found.push(value);
  });
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

/** Calls each(position, {char, reason, clearedS, validS, observedS, coveredPercent}) for every edge of a snapshot, in the
 *  order of the index; a missing time is NaN. Returns the header. */
export function readStates(buffer, each) {
  const { magic, head, columns } = open(buffer);
  if (magic !== "YKS1") throw new Error(`packed: ${magic} is no snapshot`);
  const kinds = runs(columns, "kind");
  if (kinds.length !== head.n_edges) throw new Error(`packed: ${kinds.length} edges where ${head.n_edges} are told`);
  const [time, apart, after] = ["time", "observed", "valid"].map((name) => steps(columns, name));
  const later = flags(columns.later_run);
  let told = 0;
  const at = (step) => head.base_at + step * head.step_s;
  kinds.forEach((kind, position) => {
    const [char, reason, bits] = head.kinds[kind];
    const facts = { char, reason: head.reasons[reason], clearedS: NaN, validS: NaN, observedS: NaN, coveredPercent: 0 };
    if (bits & FLAG.COVERED_WHOLE) facts.coveredPercent = 100;
    if (bits & FLAG.COVERED_TOLD) facts.coveredPercent = columns.covered[told++];
    const main = bits & (FLAG.CLEARED | FLAG.OBSERVED) ? time() : 0;
    if (bits & FLAG.CLEARED) facts.clearedS = at(main);
    if (bits & FLAG.OBSERVED) facts.observedS = at(bits & FLAG.CLEARED && later() ? apart() : main);
    if (bits & FLAG.VALID) facts.validS = at(main + after());
    each(position, facts);
  });
  return head;
}
