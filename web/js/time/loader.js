// Asks the worker for a time; where a browser knows no workers of modules, the page unpacks it itself.

import { serviceUrl } from "../config.js";

const INDEX_URL = "status/index";

let worker = null;
let isWithout = typeof Worker === "undefined";
let lastId = 0;
const waiting = new Map(); // id -> {resolve, reject}

function open() {
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data: { id, loaded, problem } }) => {
    const asker = waiting.get(id);
    waiting.delete(id);
    if (problem) asker?.reject(Object.assign(new Error(problem.message), { isKnown: problem.isKnown }));
    else asker?.resolve(loaded);
  });
  // refused or broken: whoever waits is served by the page
  worker.addEventListener("error", () => {
    isWithout = true;
    for (const { retry } of waiting.values()) retry();
    waiting.clear();
  });
}

/** What time/decode.js makes of `path`, a replay or a snapshot of a past moment. */
export async function loadTime(path) {
  const wish = { url: serviceUrl(path), indexUrl: serviceUrl(INDEX_URL) };
  const onPage = async () => (await import("./decode.js")).load(wish);
  if (isWithout) return onPage();
  if (!worker) open();
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, retry: () => onPage().then(resolve, reject) });
    worker.postMessage({ id, wish });
  });
}
