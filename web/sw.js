// The service worker: lets the page open without a connection. It keeps the page's own files, all of one version; the
// tiles that were visited, within bounds; and the last answers that the first view rests on. States are kept by the page
// itself (js/status/kept.js). An answer that it gives from what it kept says when that was in X-Yukimichi-Kept.

// The server puts in what the page is made of: version, [path, entity tag] of each file (the page itself has the empty
// path), and the bounds of what is kept.
const SHELL = { version: "", files: [], tiles: 1500, bytes: 31457280 };

const SHELL_CACHE = `yuki-shell-${SHELL.version}`;
const TILES_CACHE = "yuki-tiles";
const ANSWERS_CACHE = "yuki-answers";
const ROOT = new URL("./", location.href);
const KEPT = "X-Yukimichi-Kept"; // milliseconds since the epoch, by the clock of this device
const BYTES = "X-Yukimichi-Bytes";
const SHELL_HEADER = "X-Yukimichi-Shell";
const PAGE = "index.html";
const LANES = 4; // files that are fetched at the same time: the page may still be loading
const PATIENCE_MS = 6000; // a page or an answer that takes longer is given from what was kept
const MOST_INDEXES = 2;
// Answers that the first view and the map rest on; all of them tell their own moment.
const ANSWERS = [
  /^config\.json$/, /^layers\.json$/, /^status\/(summary|overview)$/, /^ogc\/collections\/closures\/items\?f=json&is_active=true/,
];
const TILE = /^tiles\/([^/]+)\/([^/]+)\/\d+\/\d+\/\d+\.mvt$/;
const INDEX = /^status\/index\/[^/?]+$/;

const own = new Map(SHELL.files);

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("message", (event) => {
  if (event.data?.kind === "take over") skipWaiting();
  if (event.data?.kind === "version") event.ports[0].postMessage(SHELL.version);
});
addEventListener("fetch", (event) => {
  const given = SHELL.version ? answerTo(event) : undefined;
  if (given) event.respondWith(given);
});

/** What answers a request; undefined: the browser asks by itself. */
function answerTo(event) {
  const { request } = event;
  const path = request.method === "GET" ? pathOf(request.url) : null;
  if (path === null) return undefined;
  const [bare] = path.split("?");
  if (request.mode === "navigate") {
    const isEmbedded = new URLSearchParams(path.slice(bare.length)).has("embed"); // it has other headers
    if (bare === "" || bare === PAGE) return isEmbedded ? undefined : page(event);
    return bare.startsWith("text/") ? textPage(event) : undefined;
  }
  if (bare && own.has(bare)) return shellFile(bare, request);
  if (TILE.test(bare)) return tile(event, bare);
  if (INDEX.test(path)) return index(event);
  return ANSWERS.some((one) => one.test(path)) ? answer(event) : undefined;
}

/** The part of an address below the root of the service, with its query; null where it is another's. */
function pathOf(url) {
  const { origin, pathname, search } = new URL(url);
  if (origin !== ROOT.origin || !pathname.startsWith(ROOT.pathname)) return null;
  return decodeURI(pathname.slice(ROOT.pathname.length)) + search;
}

// --- the page's own files: all of this version or none ---

async function install() {
  const cache = await caches.open(SHELL_CACHE);
  const left = [...SHELL.files];
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) await fetchOwn(cache, ...next);
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } catch (error) {
    await caches.delete(SHELL_CACHE);
    throw error; // the browser tries again later; what it has goes on
  }
}

async function fetchOwn(cache, path, tag) {
  const address = new URL(path || PAGE, ROOT).href;
  const response = await fetch(address, { cache: "no-cache" });
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  const found = response.headers.get("ETag")?.replace(/^W\//, ""); // a proxy that packs makes it a weak one
  if (found !== tag) throw new Error(`${path} is of another version`);
  const headers = new Headers();
  for (const name of ["Content-Type", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"]) {
    if (response.headers.has(name)) headers.set(name, response.headers.get(name));
  }
  await cache.put(address, new Response(await response.arrayBuffer(), { headers }));
}

async function activate() {
  const names = await caches.keys();
  const former = names.filter((name) => name.startsWith("yuki-shell-") && name !== SHELL_CACHE);
  await Promise.all(former.map((name) => caches.delete(name)));
  await clients.claim();
  await keepFirst();
}

/** What a page that was opened before this worker was there has asked for already. */
async function keepFirst() {
  const cache = await caches.open(ANSWERS_CACHE);
  for (const path of ["config.json"]) {
    const url = new URL(path, ROOT).href;
    if (await cache.match(url)) continue;
    try {
      await keep(ANSWERS_CACHE, url, await fetch(url));
    } catch {
      // the next one that is asked for will be kept
    }
  }
}

async function shellFile(path, request) {
  const cache = await caches.open(SHELL_CACHE);
  return await cache.match(new URL(path, ROOT).href) ?? fetch(request);
}

/** The page as the server has it now, with its states in it, where it is of this version; else the one that was kept: its
 *  files are here, and those of another version are not. */
async function page(event) {
  let refusal = null;
  try {
    const response = await inTime(fetch(event.request));
    if (response.ok && response.headers.get(SHELL_HEADER) === SHELL.version) return response;
    if (response.ok) event.waitUntil(registration.update().catch(() => {}));
    else if (response.status < 500) refusal = response;
  } catch {
    // no connection
  }
  return refusal ?? shellFile(PAGE, event.request);
}

async function textPage(event) {
  try {
    return await fetch(event.request);
  } catch {
    const html = `<!doctype html><html lang="ja"><meta charset="utf-8"><title>通信なし No connection</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><h1>通信できません</h1>
<p>文字のページは通信があるときに見られます。<a href="${ROOT.pathname}">地図は最後に分かった状況を表示します。</a></p>
<p lang="en">The text pages need a connection. <a href="${ROOT.pathname}">The map shows what was known last.</a></p></html>`;
    const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'" };
    return new Response(html, { status: 503, headers });
  }
}

// --- answers: the server's where it gives one, else the last one, marked ---

async function answer(event) {
  const asked = fetch(event.request);
  const url = event.request.url;
  try {
    const response = await inTime(asked);
    if (response.ok) event.waitUntil(keep(ANSWERS_CACHE, url, response.clone()));
    if (response.status < 500) return response;
    return await keptAnswer(url) ?? response;
  } catch (error) {
    event.waitUntil(asked.then((late) => (late.ok ? keep(ANSWERS_CACHE, url, late) : undefined), () => {}));
    const kept = await keptAnswer(url);
    if (kept) return kept;
    if (error.name === "TimeoutError") return asked; // nothing was kept: whatever comes is better
    throw error;
  }
}

async function keptAnswer(url) {
  return (await caches.open(ANSWERS_CACHE)).match(url);
}

/** Keeps an answer, marked with the time. */
async function keep(name, url, response, more = {}) {
  if (!response.ok || response.redirected) return;
  const headers = new Headers(response.headers);
  headers.delete("Content-Encoding"); // the body is plain by now
  headers.delete("Content-Length");
  headers.set(KEPT, String(Date.now()));
  for (const [key, value] of Object.entries(more)) headers.set(key, value);
  const body = response.status === 204 ? null : await response.arrayBuffer();
  const kept = new Response(body, { status: response.status, headers });
  await (await caches.open(name)).put(url, kept);
}

/** An index never changes for its version. */
async function index(event) {
  const cache = await caches.open(ANSWERS_CACHE);
  const held = await cache.match(event.request.url);
  if (held) return held;
  const response = await fetch(event.request);
  if (response.ok && !response.redirected) event.waitUntil(keepIndex(cache, event.request.url, response.clone()));
  return response;
}

async function keepIndex(cache, url, response) {
  await keep(ANSWERS_CACHE, url, response);
  const indexes = (await cache.keys()).filter((one) => INDEX.test(pathOf(one.url) ?? ""));
  for (const old of indexes.slice(0, -MOST_INDEXES)) await cache.delete(old);
}

// --- tiles: those that were visited, the oldest out ---

let ledger = null; // promise of [[url, bytes]], the oldest first
let turn = Promise.resolve(); // one change of the ledger after another

async function tile(event, path) {
  const cache = await caches.open(TILES_CACHE);
  const { url } = event.request;
  const held = await cache.match(url);
  if (held) return held;
  const response = await fetch(event.request);
  if (response.ok && !response.redirected) {
    const copy = response.clone();
    turn = turn.then(() => keepTile(cache, url, path, copy))
      .catch((error) => console.warn(`a tile was not kept: ${error.message}`));
    event.waitUntil(turn);
  }
  return response;
}

async function keepTile(cache, url, path, response) {
  ledger ??= readLedger(cache);
  const list = await ledger;
  const [, layer, version] = path.match(TILE);
  const isFormer = ([one]) => {
    const [, other, itsVersion] = (pathOf(one) ?? "").split("?")[0].match(TILE) ?? [];
    return other === layer && itsVersion !== version;
  };
  for (const [old] of list.filter(isFormer)) await cache.delete(old);
  const body = response.status === 204 ? new ArrayBuffer(0) : await response.clone().arrayBuffer();
  await keep(TILES_CACHE, url, response, { [BYTES]: String(body.byteLength) });
  const left = [...list.filter((one) => !isFormer(one) && one[0] !== url), [url, body.byteLength]];
  let bytes = left.reduce((sum, [, size]) => sum + size, 0);
  while (left.length > SHELL.tiles || bytes > SHELL.bytes) {
    const [old, size] = left.shift();
    bytes -= size;
    await cache.delete(old);
  }
  ledger = Promise.resolve(left);
}

async function readLedger(cache) {
  const [requests, responses] = [await cache.keys(), await cache.matchAll()];
  return requests.map(({ url }, i) => [url, Number(responses[i].headers.get(BYTES) ?? 0)]);
}

function inTime(promise) {
  return Promise.race([promise, new Promise((_, fail) => {
    setTimeout(() => fail(new DOMException("no answer yet", "TimeoutError")), PATIENCE_MS);
  })]);
}
