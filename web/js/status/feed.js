// Polls the snapshot. One request at a time, If-None-Match, slower after failures, silent while the page is hidden.

import { readSnapshot } from "./snapshot.js";

const POLL_MS = 5000;
const THRIFTY_POLL_MS = 30000; // on a line that is said to be slow or paid for by the byte
const LONGEST_WAIT_MS = 30000;
const TIMEOUT_MS = 15000;

function pollMs() {
  const line = navigator.connection;
  return line?.saveData || /2g/.test(line?.effectiveType ?? "") ? THRIFTY_POLL_MS : POLL_MS;
}

/** Starts polling `url`. `handlers`: snapshot(snapshot), contact(response) after each answer, failure(error). */
export function startFeed(url, handlers) {
  let etag = "";
  let failures = 0;
  let timer = 0;
  let isBusy = false;

  async function ask() {
    const headers = etag ? { "If-None-Match": etag } : {};
    // no-store: the answer 304 shall reach this code, not be turned into the body again by the browser
    const response = await fetch(url, { headers, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 304) return handlers.contact(response);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const snapshot = readSnapshot(await response.json());
    etag = response.headers.get("ETag") ?? "";
    handlers.contact(response);
    return handlers.snapshot(snapshot);
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
      timer = setTimeout(poll, Math.min(pollMs() * 2 ** Math.max(0, failures - 1), LONGEST_WAIT_MS));
    }
  }

  document.addEventListener("visibilitychange", poll);
  addEventListener("online", poll);
  addEventListener("offline", () => handlers.failure(new Error("offline")));
  poll();
}
