// Works through the queue of disputes: list, one report, decision, and a correction by hand where the manager wants one.

import { loadConfig } from "../../js/config.js";
import { lang, setTimeZone, toggleLanguage } from "../../js/i18n.js";
import { h } from "../../js/ui/dom.js";
import { details, rowText, titleText } from "./disputes_view.js";
import { applyWords, d } from "./disputes_words.js";
import { dropKey, heldKey, holdKey, newClientId, readDisputes, readPhoto, sendDecision, sendOrder } from "./service.js";

const $ = (id) => document.getElementById(id);
const DECISIONS = ["accepted", "rejected", "duplicate", "unclear"];
const HOURS = [1, 2, 4, 8];
const STATES = ["uncleared", "unknown", "clearing", "cleared"];
const GUESS = { cleared: "cleared", being_cleared: "clearing" }; // of what was seen; else uncleared

class Queue {
  constructor() {
    this.features = [];
    this.next = null;
    this.at = null; // the report that is open
    this.image = null;
  }

  async open() {
    await this.load();
    $("key-form").hidden = true;
    $("work").hidden = false;
    $("leave").hidden = false;
  }

  async load(isMore = false) {
    const found = await readDisputes({ isWaiting: $("which").value === "waiting", next: isMore ? this.next : null });
    this.features = isMore ? [...this.features, ...found.features] : found.features;
    this.next = found.next;
    this.list();
  }

  list() {
    $("none").hidden = this.features.length > 0;
    $("more").hidden = !this.next;
    $("rows").replaceChildren(...this.features.map((feature) => {
      const [first, ...rest] = rowText(feature);
      const button = h("button", { type: "button", "data-number": feature.id, "aria-current": this.at?.id === feature.id ? "true" : null },
        h("span", {}, first), ...rest.map((text) => h("span", { class: "hint" }, text)));
      button.addEventListener("click", () => this.show(feature));
      return h("li", {}, button);
    }));
  }

  /** Arrow keys in the list; anywhere else they stay what they are. */
  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...$("rows").querySelectorAll("button")];
    const now = buttons.indexOf(document.activeElement);
    if (!step || now < 0) return;
    event.preventDefault();
    buttons[Math.min(buttons.length - 1, Math.max(0, now + step))].focus();
  }

  show(feature) {
    this.at = feature;
    this.list();
    $("one").hidden = false;
    $("correct").hidden = true;
    $("decide").hidden = false;
    $("decide").reset();
    this.problem("");
    this.fill();
    $("one-title").focus();
  }

  fill() {
    if (!this.at) return;
    $("one-title").textContent = titleText(this.at);
    const holder = this.at.properties.has_photo ? h("div", { id: "photo" }) : null;
    $("one-body").replaceChildren(...details(this.at, holder));
    if (holder) this.#photo(holder, this.at.id);
  }

  async #photo(holder, number) {
    if (this.image) URL.revokeObjectURL(this.image);
    this.image = null;
    try {
      const blob = await readPhoto(number);
      if (this.at?.id !== number) return;
      this.image = URL.createObjectURL(blob);
      holder.replaceChildren(h("img", { src: this.image, alt: d("photo_alt") }));
    } catch (error) {
      holder.textContent = d("photo_failed", { why: error.message });
    }
  }

  problem(text) {
    $("decide-problem").hidden = !text;
    $("decide-problem").textContent = text;
  }

  async decide() {
    const decision = new FormData($("decide")).get("decision");
    const reason = $("reason").value.trim();
    if (!decision || !reason) {
      this.problem(d(decision ? "needs_reason" : "needs_decision"));
      (decision ? $("reason") : $("decisions").querySelector("input")).focus();
      return;
    }
    const number = this.at.id;
    try {
      await sendDecision(number, { decision, reason });
    } catch (error) {
      this.problem(d("failed", { why: error.message }));
      return;
    }
    $("said").textContent = d("decided", { number });
    if (decision === "accepted") this.offerCorrection();
    else await this.goOn();
  }

  offerCorrection() {
    $("decide").hidden = true;
    $("correct").hidden = false;
    $("state").replaceChildren(...STATES.map((state) => new Option(d(state), state)));
    $("state").value = GUESS[this.at.properties.state_seen] ?? "uncleared";
    $("hours").replaceChildren(...HOURS.map((n) => new Option(d("hours_n", { n }), n)));
    $("hours").value = "2";
    $("why").value = d("why_given", { number: this.at.id });
    this.clientId = newClientId(); // a repeat is one order
    $("correct-title").focus();
  }

  async correct() {
    const { edge_id: edgeId, direction } = this.at.properties;
    const endsAt = new Date(Date.now() + 3600000 * Number($("hours").value)).toISOString();
    try {
      const { order_id: id } = await sendOrder({
        kind: "correction", state: $("state").value, edges: [{ edge_id: edgeId }], direction: direction === "both" ? "both" : "drawn",
        ends_at: endsAt, reason: $("why").value.trim(), client_id: this.clientId,
      });
      $("said").textContent = d("corrected", { id });
      await this.goOn();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The report after this one; the list is read anew. */
  async goOn() {
    const place = this.features.findIndex(({ id }) => id === this.at?.id);
    const following = this.features[place + 1]?.id;
    this.at = null;
    $("one").hidden = true;
    await this.load();
    const next = this.features.find(({ id }) => id === following) ?? this.features[0];
    if ($("which").value === "waiting" && next) this.show(next);
    else {
      if (!next) $("said").textContent = d("saw_nothing");
      $("queue").focus();
    }
  }

  fail(error) {
    if (error.status === 401) {
      dropKey();
      location.reload();
      return;
    }
    $("problem").hidden = false;
    $("problem").textContent = d("failed", { why: error.message });
  }
}

function fillDecisions() {
  const chosen = $("decisions").querySelector(":checked")?.value;
  $("decisions").replaceChildren(...DECISIONS.map((value) => h("label", {},
    h("input", { type: "radio", name: "decision", value, checked: value === chosen }), h("span", {}, d(value)))));
}

async function enter(queue, key) {
  holdKey(key);
  $("problem").hidden = true;
  try {
    await queue.open();
  } catch (error) {
    if (error.status) dropKey();
    $("problem").hidden = false;
    $("problem").textContent = d("failed", { why: error.message });
  }
}

async function start() {
  applyWords();
  fillDecisions();
  const config = await loadConfig(() => {});
  setTimeZone(config.timezone ?? "Asia/Tokyo");
  const queue = new Queue();
  const safely = (work) => Promise.resolve(work).catch((error) => queue.fail(error));
  $("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const key = $("key").value.trim();
    $("key").value = "";
    if (key) enter(queue, key);
  });
  $("language").addEventListener("click", toggleLanguage);
  document.addEventListener("yukimichi:language", () => {
    applyWords();
    fillDecisions();
    queue.list();
    queue.fill();
  });
  $("rows").addEventListener("keydown", (event) => queue.move(event));
  $("which").addEventListener("change", () => safely(queue.load()));
  $("more").addEventListener("click", () => safely(queue.load(true)));
  $("decide").addEventListener("submit", (event) => {
    event.preventDefault();
    safely(queue.decide());
  });
  $("correct-form").addEventListener("submit", (event) => {
    event.preventDefault();
    safely(queue.correct());
  });
  $("no-correction").addEventListener("click", () => safely(queue.goOn()));
  $("leave").addEventListener("click", () => {
    dropKey();
    location.reload();
  });
  document.body.dataset.lang = lang();
  if (heldKey()) await enter(queue, heldKey());
  document.body.classList.add("is-ready");
}

start().catch((error) => {
  $("problem").hidden = false;
  $("problem").textContent = error.message;
  throw error;
});
