// What the page shows while a moment of the past is chosen: its states in place of the present ones, for the map, the card
// and everything else that asks the app. The live states go on coming in behind it and are there again on return.

import { setPast } from "../clock.js";
import { t, timeText } from "../i18n.js";
import { UNLISTED, unpack } from "../status/snapshot.js";
import { CODE } from "../status/classify.js";
import { h } from "../ui/dom.js";
import { iso } from "./timeline.js";

// Of these the present alone is known to the page.
const LIVE_LAYERS = ["ploughs", "closures", "closures-bed", "closures-bars", "closures-limit"];
const SETTLE_MS = 350; // words and card follow once a moment has stood for so long
const WORDS_MS = 1000; // and so often while it plays

export class Past {
  #app;
  #live; // the app's own way to the live snapshot
  #snapshot = null;
  #mark;
  #settling = 0;
  #wordsMs = 0;
  #hidden = new Map(); // layers that are not shown meanwhile -> their visibility before
  #note = "";

  constructor(app) {
    this.#app = app;
    this.#live = app.snapshot;
    this.#mark = h("p", { id: "past-mark", class: "notice past", hidden: true });
    document.querySelector("header").append(this.#mark);
    for (const name of ["language", "theme"]) app.on(name, () => this.#again());
    app.page.map.on("moveend", () => this.#paint());
    app.page.map.on("styledata", () => { if (this.isShown) this.#hideLive(); }); // a layer may have been switched on
  }

  get isShown() { return this.#snapshot !== null; }

  /** Shows a snapshot of the past as it stood at `atS`; `note` says what it rests on. */
  show(snapshot, atS, { isPlaying, note }) {
    const isFirst = !this.isShown;
    this.#snapshot = snapshot;
    this.#note = note;
    setPast(atS);
    this.#app.snapshot = () => this.#snapshot ?? this.#live();
    document.body.classList.add("is-past");
    if (isFirst) this.#hideLive();
    this.#paint();
    this.#write(isPlaying);
    clearTimeout(this.#settling);
    if (isPlaying) this.#tellNowAndThen();
    else this.#settling = setTimeout(() => this.#settled(), SETTLE_MS);
  }

  /** The present again. */
  leave() {
    if (!this.isShown) return;
    clearTimeout(this.#settling);
    this.#snapshot = null;
    setPast(null);
    this.#app.snapshot = this.#live;
    document.body.classList.remove("is-past");
    for (const [id, visibility] of this.#hidden) {
      if (this.#map.getLayer(id)) this.#map.setLayoutProperty(id, "visibility", visibility);
    }
    this.#hidden.clear();
    this.#mark.hidden = true;
    this.#app.emit("past", null);
    this.#tell();
  }

  get #map() { return this.#app.page.map; }

  // The roads of a moment are told on the roads of now, so that the tiles fit.
  #paint() {
    if (!this.isShown || this.#snapshot.roadsVersion !== this.#app.config.roads_version) return;
    const { painter, roadMap } = this.#app.page;
    if (painter.paintInSight(this.#snapshot, this.#snapshot.atS) > 0) roadMap.setBusy(true);
  }

  #hideLive() {
    for (const id of LIVE_LAYERS) {
      const visibility = this.#map.getLayer(id) ? this.#map.getLayoutProperty(id, "visibility") ?? "visible" : "none";
      if (visibility === "none") continue;
      this.#hidden.set(id, visibility);
      this.#map.setLayoutProperty(id, "visibility", "none");
    }
  }

  #again() {
    if (!this.isShown) return;
    this.#hideLive(); // another style has them all again
    this.#write(true);
  }

  #write(isPlaying) {
    const time = timeText(this.#snapshot.atS, NaN);
    this.#mark.replaceChildren(h("strong", {}, t("past_mark", { time })), ` ${this.#note}`);
    this.#mark.hidden = false;
    document.body.dataset.pastAt = iso(Math.floor(this.#snapshot.atS));
    if (!isPlaying) this.#mark.append(` ${t("past_hides")}`);
  }

  #tellNowAndThen() {
    const nowMs = performance.now();
    if (nowMs - this.#wordsMs < WORDS_MS) return;
    this.#wordsMs = nowMs;
    this.#app.emit("tick", this.#snapshot.atS);
  }

  #settled() {
    const { atS } = this.#snapshot;
    this.#app.emit("past", { at: iso(atS), atS, snapshot: this.#snapshot });
    this.#tell();
    this.#app.say(`${t("past_mark", { time: timeText(atS, NaN) })} ${sharesText(this.#snapshot)}`);
  }

  #tell() {
    this.#app.emit("tick", this.#snapshot?.atS ?? this.#app.nowS());
  }
}

/** The states of roads on a plan in words: shares of pieces by their worse direction, as the map draws them far out. */
export function sharesText(snapshot) {
  const counts = { cleared: 0, clearing: 0, uncleared: 0, unknown: 0 };
  let n = 0;
  for (const code of snapshot.codesAt(snapshot.atS)) {
    const { w } = code === UNLISTED ? { w: CODE.NONE } : unpack(code);
    if (w === CODE.NONE) continue;
    n += 1;
    if (w === CODE.CLEARING) counts.clearing += 1;
    else if (w === CODE.UNCLEARED) counts.uncleared += 1;
    else if (w === CODE.UNKNOWN) counts.unknown += 1;
    else counts.cleared += 1;
  }
  if (n === 0) return t("past_nothing_told");
  const share = (count) => Math.round((100 * count) / n);
  return t("past_shares", Object.fromEntries(Object.entries(counts).map(([state, count]) => [state, share(count)])));
}
