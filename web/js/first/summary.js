// The summary of states (status/summary) as held by the page: the one that came with it, then what is asked for anew.

import { setFromAnswer } from "../clock.js";
import { serviceUrl } from "../config.js";
import { isThrifty } from "../status/pace.js";
import { setEvent, setSynthetic } from "../ui/notices.js";

const ASK_S = 30;
const THRIFTY_ASK_S = 120;
const TIMEOUT_MS = 15000;

/** Keeps app.summary and emits "summary" whenever another one has come. */
export function startSummary(app) {
  let etag = "";
  let askedMs = 0;
  let isBusy = false;
  let isKept = false;

  function take(summary) {
    app.summary = summary;
    setSynthetic(summary.synthetic || app.config.synthetic);
    setEvent(summary.event);
    app.emit("summary", summary);
  }

  async function ask() {
    const headers = etag ? { "If-None-Match": etag } : {};
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(serviceUrl("status/summary"), { headers, cache: "no-store", signal });
    if (!response.ok && response.status !== 304) throw new Error(`summary: the server answered ${response.status}`);
    setFromAnswer(response);
    isKept = response.headers.has("X-Yukimichi-Kept"); // the service worker had to give what it kept
    etag = response.headers.get("ETag") ?? "";
    if (response.status !== 304) take(await response.json());
    else if (response.headers.has("Last-Modified")) {
      app.summary.as_of = new Date(response.headers.get("Last-Modified")).toISOString(); // the same numbers, a later moment
    }
  }

  async function askInTime() {
    const waitS = isThrifty() ? THRIFTY_ASK_S : ASK_S;
    if (isBusy || document.hidden || Date.now() - askedMs < waitS * 1000) return;
    isBusy = true;
    askedMs = Date.now();
    try {
      await ask();
      if (!app.page) app.emit("offline", isKept);
    } catch (error) {
      console.warn(error.message);
      if (!app.page) app.emit("offline", true); // with the map the feed of states says so
    } finally {
      isBusy = false;
    }
  }

  app.on("tick", askInTime);
  addEventListener("online", () => { askedMs = 0; askInTime(); });
  if (app.given?.summary) {
    askedMs = Date.now();
    take(app.given.summary);
    return Promise.resolve();
  }
  return askInTime();
}
