// The light overview drawing: groups of lines that share a state and its times, aged by the clock like the map. It is in
// the page when the server filled it; else, and when states have changed, it is fetched.

import { asOfS, nowS } from "../clock.js";
import { serviceUrl } from "../config.js";
import { lang, t, timeText } from "../i18n.js";
import { CODE, shown } from "../status/classify.js";

const TIMEOUT_MS = 15000;
const PATTERNED = [CODE.UNDER_12H, CODE.UNDER_24H, CODE.CLEARING, CODE.UNCLEARED, CODE.UNKNOWN];
const $ = (id) => document.getElementById(id);
const number = (text) => (text === undefined ? NaN : Number(text));

/** The facts of a group of lines in the form of the snapshot's. */
function factsOf({ char, reason, cleared, valid, observed }) {
  return {
    char, reason: reason ?? "none", clearedS: number(cleared), validS: number(valid), observedS: number(observed),
  };
}

/** Gives every group the class of what may be said at atS. */
export function age(drawing, atS) {
  for (const group of drawing.querySelectorAll("g[data-char]")) {
    const { code } = shown(factsOf(group.dataset), atS);
    const name = `line code-${code}`;
    if (group.getAttribute("class") === name) continue;
    group.setAttribute("class", name);
    if (PATTERNED.includes(code) && !group.querySelector(".over")) {
      const over = group.firstElementChild.cloneNode();
      over.setAttribute("class", "over");
      group.append(over);
    }
  }
}

function name(drawing) {
  for (const text of drawing.querySelectorAll("text[data-ja]")) text.textContent = text.dataset[lang()] ?? text.dataset.ja;
}

async function fetchDrawing() {
  const response = await fetch(serviceUrl("status/overview"), { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`overview: the server answered ${response.status}`);
  const read = new DOMParser().parseFromString(await response.text(), "image/svg+xml");
  if (read.documentElement.nodeName !== "svg") throw new Error("overview: the server's drawing cannot be read");
  return document.importNode(read.documentElement, true);
}

/** Keeps #overview-drawing in step with summary, clock and language; nothing is asked for while the map hides it. */
export function mount(app) {
  const frame = $("overview-drawing");

  function show() {
    const drawing = frame.querySelector("svg");
    if (!drawing) return;
    age(drawing, nowS());
    name(drawing);
    const time = timeText(asOfS(), nowS());
    drawing.setAttribute("aria-label", t("overview_label", { time, words: $("area-words").textContent }));
  }

  async function renew() {
    if (document.body.classList.contains("is-ready")) return;
    try {
      frame.replaceChildren(await fetchDrawing());
    } catch (error) {
      console.warn(error.message); // the next summary tries again
    }
    show();
  }

  function follow(summary) {
    if (frame.dataset.version === String(summary.status_version)) return;
    const isGiven = frame.dataset.version === undefined && frame.querySelector("svg") !== null;
    frame.dataset.version = summary.status_version;
    if (isGiven) show();
    else renew();
  }

  app.on("summary", follow);
  app.on("tick", show);
  app.on("language", show);
  if (app.summary) follow(app.summary);
  else show();
}
