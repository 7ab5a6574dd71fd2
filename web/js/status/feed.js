// Fetches the snapshot once and then hears what changes, by the stream of events. While that is silent or not to be had it
// asks for changes: one request at a time, If-None-Match, slower after failures, silent while the page is hidden. Without
// a connection it begins with what this device kept.

import { serviceUrl } from "../config.js";
import { keepInTime, readKept } from "./kept.js";
import { isThrifty, waitMs } from "./pace.js";
import { readIndex } from "./packed.js";
import { applyChanges, readPackedSnapshot } from "./snapshot.js";
import { openStream } from "./stream.js";

const TIMEOUT_MS = 15000;
const LONGEST_GAP_MS = 300000; // after a longer silence the whole is fetched anew
const LIVE_WAIT_MS = 30000; // so often the server is asked all the same while the stream is live
const OWED_MS = 5000; // what an answer told, the stream has to tell within this time
const LEAVE_MS = 30000; // a page that is hidden for so long listens no more
const KEPT_AFTER_MS = 8000; // a first answer that takes longer is not waited for: what was kept is shown meanwhile

async function get(path, headers = {}) {
  // no-store: the answer 304 shall reach this code, not be turned into the body again by the browser
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(serviceUrl(path), { headers, cache: "no-store", signal });
  if (!response.ok && response.status !== 304) throw new Error(`the server answered ${response.status}`);
  return response;
}

// An index never changes for its version, so the browser may keep it.
async function getIndex(roadsVersion) {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(serviceUrl(`status/index/${roadsVersion}`), { signal });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return readIndex(await response.arrayBuffer());
}

/** Starts asking. `handlers`: snapshot(held) with the state that is held whenever it has changed, contact(response)
 *  after each answer, event(as_of) with each event of the stream, kept(response) with the times of what this device kept,
 *  failure(error). */
export function startFeed(handlers) {
  let held = null; // the snapshot, carried on in place
  let index = null; // which edge stands where in packed answers
  let etag = ""; // of the last answer about changes since the version held
  let heardMs = 0;
  let failures = 0;
  let timer = 0;
  let leaving = 0;
  let isBusy = false;
  let isOwed = false; // asked for while busy
  let isLive = false; // whether events come
  let stream = null;
  let streamVersion = -1; // the newest that the stream has told

  function heard(response) {
    heardMs = Date.now();
    handlers.contact(response);
  }

  function show() {
    handlers.snapshot(held);
    keepInTime(held);
  }

  async function takeWhole() {
    const response = await get("status/snapshot?f=packed");
    const buffer = await response.arrayBuffer();
    let read = index && readPackedSnapshot(buffer, index);
    if (!read) {
      index = await getIndex(roadsVersionOf(buffer));
      read = readPackedSnapshot(buffer, index);
    }
    if (!read) throw new Error("the roads have just changed"); // the next question finds both of one version
    held = read;
    etag = "";
    heard(response);
    show();
  }

  /** False where the way from what is held to now is not known. */
  async function takeChanges() {
    const path = `status/changes?since=${held.statusVersion}&network_version=${held.networkVersion}`;
    const response = await get(path, etag ? { "If-None-Match": etag } : {});
    if (response.status === 304) {
      heard(response);
      return true;
    }
    const before = held.statusVersion;
    const raw = await response.json();
    if (raw.reload === false && raw.status_version < held.statusVersion) return true; // the stream was quicker
    if (!applyChanges(held, raw)) return false;
    heard(response);
    const isSame = held.statusVersion === before;
    etag = isSame ? response.headers.get("ETag") ?? "" : "";
    if (!isSame) {
      show();
      if (isLive) setTimeout(checkStream, OWED_MS, held.statusVersion);
    }
    return true;
  }

  // Open, and yet silent about what an answer told: something on the way holds it back, or the line was lost unnoticed.
  function checkStream(version) {
    if (isLive && streamVersion < version) stream.renew();
  }

  async function takeKept() {
    const kept = held ? null : await readKept();
    if (!kept || held) return;
    held = kept.snapshot;
    handlers.kept?.(kept.response);
    handlers.snapshot(held);
  }

  function listen() {
    if (stream || document.hidden || isThrifty() || typeof EventSource === "undefined") return;
    streamVersion = -1;
    stream = openStream(serviceUrl("status/stream"), {
      present: (raw) => {
        streamVersion = raw.status_version;
        const isOther = basisOf(raw.stream_id) !== basisOf(held.streamId);
        if (isOther || raw.status_version > held.statusVersion) poll();
      },
      changes: (raw) => {
        streamVersion = raw.status_version;
        if (raw.reload === false && raw.status_version <= held.statusVersion) return; // heard already
        if (applyChanges(held, raw)) {
          etag = "";
          handlers.event?.(raw.as_of);
          show();
        } else askAnew();
      },
      reload: askAnew,
      live: (isNow) => {
        if (isLive === isNow) return;
        isLive = isNow;
        if (!isBusy) schedule();
      },
    });
  }

  function leave() {
    stream?.close();
    stream = null;
  }

  function askAnew() {
    heardMs = 0;
    poll();
  }

  async function ask() {
    if (held && Date.now() - heardMs < LONGEST_GAP_MS && await takeChanges()) return;
    await takeWhole();
  }

  function schedule() {
    clearTimeout(timer);
    timer = setTimeout(poll, isLive && failures === 0 ? LIVE_WAIT_MS : waitMs(failures));
  }

  async function poll() {
    isOwed = isBusy;
    if (isBusy || document.hidden) return;
    isBusy = true;
    clearTimeout(timer);
    try {
      await ask();
      failures = 0;
      listen();
    } catch (error) {
      failures += 1;
      handlers.failure(error);
      await takeKept();
    } finally {
      isBusy = false;
      schedule();
    }
    if (isOwed) poll();
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(leaving);
    if (document.hidden) leaving = setTimeout(leave, LEAVE_MS);
    else poll();
  });
  addEventListener("online", poll);
  addEventListener("offline", () => handlers.failure(new Error("offline")));
  setTimeout(() => {
    if (held) return;
    handlers.failure(new Error("no answer yet"));
    takeKept();
  }, KEPT_AFTER_MS);
  poll();
}

function basisOf(streamId) {
  return streamId.slice(0, streamId.lastIndexOf("-"));
}

/** The version of the roads that a packed snapshot is of, from its header. */
function roadsVersionOf(buffer) {
  const length = new DataView(buffer).getUint32(4, true);
  return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length))).roads_version;
}
