// The bar of time below the map: a slider over the last 24 hours or a storm, playing, and the way back to now.

import { presentS } from "../clock.js";
import { serviceUrl } from "../config.js";
import { addWords, t, timeText } from "../i18n.js";
import { h } from "../ui/dom.js";
import { Past, sharesText } from "./past.js";
import { Player, SPEEDS } from "./player.js";
import { STEP_S, momentOf, spanWith, spansOf } from "./timeline.js";
import words from "./words.js";

const LIST = "status/history";
const TIMEOUT_MS = 15000;
const PAGE_S = 3600; // the keys Page Up and Page Down

class Bar {
  #app;
  #past;
  #player;
  #spans = [];
  #events = [];

  constructor(app, slot) {
    this.#app = app;
    this.#past = new Past(app);
    this.#player = new Player({
      frame: (snapshot, atS, isPlaying) => this.#frame(snapshot, atS, isPlaying),
      state: () => this.#label(),
      failed: (error, atS) => this.#failed(error, atS),
    });
    this.#build(slot);
    this.#wire();
    this.#label();
    app.on("language", () => this.#label());
  }

  #build(slot) {
    this.opener = h("button", { id: "time-open", type: "button", "aria-expanded": "false", "aria-controls": "time" });
    this.play = h("button", { id: "time-play", type: "button" });
    this.range = h("input", { id: "time-range", type: "range", step: STEP_S, min: 0, max: 1, value: 1 });
    this.back = h("button", { id: "time-back", type: "button" });
    this.choiceLabel = h("label", { for: "time-choice" });
    this.choice = h("select", { id: "time-choice" });
    this.speed = h("button", { id: "time-speed", type: "button" });
    this.status = h("p", { id: "time-status", role: "status" });
    this.panel = h("section", { id: "time", hidden: true },
      h("div", { class: "time-line" }, this.play, this.range, this.back),
      h("div", { class: "time-line" }, this.choiceLabel, this.choice, this.speed), this.status);
    slot.append(this.opener, this.panel);
  }

  #wire() {
    this.opener.addEventListener("click", () => this.open());
    this.back.addEventListener("click", () => this.leave());
    this.play.addEventListener("click", () => (this.#player.isPlaying ? this.#player.pause() : this.#player.play()));
    this.speed.addEventListener("click", () => {
      this.#player.speed = (this.#player.speed + 1) % SPEEDS.length;
      this.#label();
    });
    this.choice.addEventListener("change", () => this.#choose(this.#spans[this.choice.selectedIndex]));
    this.range.addEventListener("input", () => this.#seek(Number(this.range.value), true));
    this.range.addEventListener("keydown", (event) => {
      const by = { PageUp: PAGE_S, PageDown: -PAGE_S }[event.key];
      if (!by) return;
      event.preventDefault();
      this.#seek(Number(this.range.value) + by);
    });
  }

  /** Opens the bar with what can be looked at by now; `atS`: a moment that a link asks for. */
  async open(atS = null) {
    this.opener.hidden = true;
    this.panel.hidden = false;
    this.status.textContent = t("time_loading");
    this.#label();
    try {
      await this.#list();
    } catch (error) {
      this.status.textContent = t("time_failed", { why: error.message });
    }
    const span = atS === null ? this.#spans[0] : spanWith(this.#spans, atS) ?? this.#spans[0];
    this.#fill();
    this.#choose(span, atS);
    this.range.focus({ preventScroll: true });
  }

  async #list() {
    this.#events = [];
    this.#spans = spansOf([], presentS());
    const response = await fetch(serviceUrl(LIST), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    this.#events = (await response.json()).events;
    this.#spans = spansOf(this.#events, presentS());
  }

  #choose(span, atS = null) {
    this.#player.pause();
    this.#player.setSpan(span, this.#events);
    this.choice.selectedIndex = this.#spans.indexOf(span);
    [this.range.min, this.range.max] = [String(span.fromS), String(span.toS)];
    if (atS !== null) this.#seek(atS);
    else if (span.id === "day" && !this.#past.isShown) this.#place(span.toS); // nothing of the past is shown yet
    else this.#seek(span.fromS);
  }

  #seek(atS, isByHand = false) {
    this.#place(atS);
    this.#player.seek(Number(this.range.value), isByHand);
  }

  #place(atS) {
    this.range.value = String(atS);
    this.range.setAttribute("aria-valuetext", timeText(Number(this.range.value), NaN));
    this.status.textContent = "";
  }

  #frame(snapshot, atS, isPlaying) {
    if (this.panel.hidden) return;
    this.#place(atS);
    this.#past.show(snapshot, atS, { isPlaying, note: basisText(snapshot.past) });
    if (!isPlaying) this.status.textContent = sharesText(snapshot);
  }

  #failed(error, atS) {
    if (this.panel.hidden) return;
    if (error.isKnown) this.#past.show(nothing(this.#app.config, atS), atS, { isPlaying: false, note: t("past_nothing") });
    this.status.textContent = t("time_failed", { why: error.message });
  }

  /** Back to the present, with the bar closed. */
  leave() {
    this.#player.leave();
    this.#past.leave();
    this.panel.hidden = true;
    this.opener.hidden = false;
    this.opener.focus();
    this.#app.say(t("time_is_now"));
  }

  #fill() {
    this.choice.replaceChildren(...this.#spans.map((span) => h("option", { value: span.id }, spanText(span))));
  }

  #label() {
    const { isPlaying, isWaiting, speed } = this.#player;
    this.opener.textContent = t("time_open");
    this.opener.setAttribute("aria-expanded", String(!this.panel.hidden));
    this.panel.setAttribute("aria-label", t("time_label"));
    this.panel.setAttribute("aria-busy", String(isWaiting));
    this.play.textContent = t(isPlaying ? "time_pause" : "time_play");
    this.back.textContent = t("time_back");
    this.choiceLabel.textContent = t("time_choice");
    this.speed.textContent = t("time_speed", { minutes: SPEEDS[speed] / 60 });
    this.range.setAttribute("aria-label", t("time_slider"));
    this.range.setAttribute("aria-valuetext", timeText(Number(this.range.value), NaN));
    for (const [i, option] of [...this.choice.options].entries()) option.textContent = spanText(this.#spans[i]);
    if (isWaiting) this.status.textContent = t("time_loading");
  }
}

function spanText({ name, fromS, toS }) {
  if (name === null) return t("time_day");
  return t("time_event", { name, from: timeText(fromS, NaN), to: timeText(toS, NaN) });
}

/** What a moment of the past rests on, in words. */
function basisText(past) {
  if (past?.known_at) return t("past_known_now", { time: timeText(Date.parse(past.known_at) / 1000, NaN) });
  return t("past_known_then");
}

/** A snapshot that tells of nothing: every road on a plan is unknown. */
function nothing(config, atS) {
  const none = { factsAt: () => undefined };
  return {
    isPast: true, atS, networkVersion: config.network_version, roadsVersion: config.roads_version, past: null,
    statusVersion: `past-${atS}`, streamId: null, event: null, isSynthetic: config.synthetic, defaultReason: "no_event",
    pieceId: new Float64Array(0), positionOf: new Map(), forward: none, backward: none, readVersion: `past-${atS}`,
    changedVersionOf: new Map(), codesAt: () => new Uint16Array(0), codeOfPiece: () => 0xffff,
  };
}

export function mount(app) {
  addWords(words);
  const bar = new Bar(app, document.getElementById("slot-time"));
  const asked = momentOf(new URLSearchParams(location.hash.slice(1)).get("at"));
  if (asked !== null) bar.open(asked);
}
