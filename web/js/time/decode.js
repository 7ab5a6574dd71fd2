// Fetches a time for replay and unpacks it into typed arrays: in a worker, or on the page where there is none.

import { readIndex, readReplay } from "../status/packed.js";

const TIMEOUT_MS = 60000;

let known = null; // the index that was read last, as {roadsVersion, nEdges, pieceId, forward, backward}

/** What `url` (a replay or the snapshot of a past moment, packed) tells, as plain data that a worker can hand over.
 *  `indexUrl` ends before the version of the roads. Throws an Error with `hint` where the server gives a reason. */
export async function load({ url, indexUrl }) {
  const began = performance.now();
  const { buffer, n: nBytes } = await get(url);
  const { head, frames, changes } = readReplay(buffer);
  const index = await indexOf(indexUrl, head);
  if (index.roadsVersion !== head.roads_version) throw new Error("the roads have just changed");
  if (index.nEdges !== head.n_edges) throw new Error("replay: its index has other edges");
  const before = linkBack(changes.edge, index.nEdges);
  return {
    head, ...frames, ...changes, before, nBytes, tookMs: performance.now() - began,
    index: { ...index, pieceId: index.pieceId.slice(), forward: index.forward.slice(), backward: index.backward.slice() },
  };
}

/** The buffers of what load() gives, to hand them over without a copy. */
export function buffersOf(loaded) {
  return [loaded, loaded.index].flatMap((part) => Object.values(part))
    .filter((value) => ArrayBuffer.isView(value)).map(({ buffer }) => buffer);
}

async function get(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    const error = new Error(problem.detail ?? `the server answered ${response.status}`);
    error.isKnown = response.status === 404; // the server knows that nothing is known
    throw error;
  }
  const buffer = await response.arrayBuffer();
  return { buffer, n: buffer.byteLength };
}

async function indexOf(indexUrl, head) {
  if (known?.roadsVersion === head.roads_version) return known;
  const { roadsVersion, edgeIds } = readIndex((await get(`${indexUrl}/${head.roads_version}`)).buffer);
  known = { roadsVersion, nEdges: edgeIds.length, ...piecesOf(edgeIds) };
  return known;
}

/** {pieceId, forward, backward}: ids of pieces, and where in the index both directions stand; -1: closed to traffic. */
export function piecesOf(edgeIds) {
  const ids = [...new Set(edgeIds.map((edge) => Math.floor(edge / 2)))];
  const place = new Map(ids.map((piece, i) => [piece, i]));
  const sides = [new Int32Array(ids.length).fill(-1), new Int32Array(ids.length).fill(-1)];
  edgeIds.forEach((edge, position) => { sides[edge % 2][place.get(Math.floor(edge / 2))] = position; });
  return { pieceId: Float64Array.from(ids), forward: sides[0], backward: sides[1] };
}

/** For each change the change before it of the same edge, or -1: with it time can be run backwards as fast as forwards,
 *  and no copy of all states has to be kept for a jump. */
export function linkBack(edge, nEdges) {
  const last = new Int32Array(nEdges).fill(-1);
  const before = new Int32Array(edge.length);
  for (let i = 0; i < edge.length; i += 1) {
    before[i] = last[edge[i]];
    last[edge[i]] = i;
  }
  return before;
}

