// Fetches the snapshot once, then what has changed since. One request at a time, If-None-Match, slower after failures,
// silent while the page is hidden.

import { serviceUrl } from "../config.js";
import { waitMs } from "./pace.js";
import { applyChanges, readSnapshot } from "./snapshot.js";

const TIMEOUT_MS = 15000;
const LONGEST_GAP_MS = 300000; // after a longer silence the whole is fetched anew

async function get(path, headers = {}) {
  // no-store: the answer 304 shall reach this code, not be turned into the body again by the browser
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(serviceUrl(path), { headers, cache: "no-store", signal });
  if (!response.ok && response.status !== 304) throw new Error(`the server answered ${response.status}`);
  return response;
}

/** Starts asking. `handlers`: snapshot(held) with the state that is held whenever it has changed, contact(response)
 *  after each answer, failure(error). */
export function startFeed(handlers) {
  let held = null; // the snapshot, carried on in place
  let etag = ""; // of the last answer about changes since the version held
  let heardMs = 0;
  let failures = 0;
  let timer = 0;
  let isBusy = false;

  function heard(response) {
    heardMs = Date.now();
    handlers.contact(response);
  }

  async function takeWhole() {
    const response = await get("status/snapshot");
    held = readSnapshot(await response.json());
    etag = "";
    heard(response);
    handlers.snapshot(held);
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
    if (!applyChanges(held, await response.json())) return false;
    heard(response);
    const isSame = held.statusVersion === before;
    etag = isSame ? response.headers.get("ETag") ?? "" : "";
    if (!isSame) handlers.snapshot(held);
    return true;
  }

  async function ask() {
    if (held && Date.now() - heardMs < LONGEST_GAP_MS && await takeChanges()) return;
    await takeWhole();
  }

  async function poll() {
    if (isBusy || document.hidden) return;
    isBusy = true;
    clearTimeout(timer);
    try {
      await ask();
      failures = 0;
    } catch (error) {
      failures += 1;
      handlers.failure(error);
    } finally {
      isBusy = false;
      timer = setTimeout(poll, waitMs(failures));
    }
  }

  document.addEventListener("visibilitychange", poll);
  addEventListener("online", poll);
  addEventListener("offline", () => handlers.failure(new Error("offline")));
  poll();
}
