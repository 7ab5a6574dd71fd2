// "This is wrong": a button in the card, a dialog, and the reports that could not be sent. Mounted after the map.

import { serviceUrl } from "../config.js";
import { addWords, applyLanguage, lang, t, timeText } from "../i18n.js";
import { factsOf } from "../status/snapshot.js";
import { h } from "./dom.js";
import { compassText, stateText } from "./evidence.js";
import { fillForm, readForm } from "./tellus_form.js";
import { newClientId, send } from "./tellus_send.js";
import { forget, keep, waiting } from "./tellus_store.js";
import { WORDS } from "./tellus_words.js";

const DAY_MS = 24 * 3600 * 1000;

const said = (tag, key, attributes = {}) => h(tag, { ...attributes, "data-t": key }, t(key));

class TellUs {
  constructor(app) {
    this.app = app;
    this.card = null; // what the card tells of its road
    this.isPast = false;
    this.road = null;
    this.report = null; // {client_id, fields, photo, road}: kept until the service has answered, so a repeat is one report
    this.button = said("button", "tellus", { type: "button", id: "tellus-open", class: "tellus-button", "aria-haspopup": "dialog" });
    this.link = said("a", "tellus_accuracy", { class: "tellus-link", href: serviceUrl("accuracy") });
    this.unsent = h("button", { type: "button", id: "tellus-unsent", "aria-haspopup": "dialog", hidden: true });
    this.form = h("form", { id: "tellus-form", novalidate: true });
    this.after = h("div", { id: "tellus-after", hidden: true });
    this.list = h("div", { id: "tellus-list", hidden: true });
    this.title = h("h2", { id: "tellus-title", tabindex: "-1" });
    const close = h("button", { type: "button", class: "close", "data-t-label": "tellus_close", "aria-label": t("tellus_close") }, "×");
    this.dialog = h("dialog", { id: "tellus", class: "tellus", "aria-labelledby": "tellus-title" },
      h("div", { class: "tellus-head" }, this.title, close), this.form, this.after, this.list);
    close.addEventListener("click", () => this.dialog.close());
    this.button.addEventListener("click", () => this.open());
    this.unsent.addEventListener("click", () => this.openList());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.dialog.addEventListener("keydown", (event) => { // Escape closes this and nothing below
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.dialog.close();
    });
    this.dialog.addEventListener("close", () => this.opener?.focus());
  }

  mount() {
    const slot = document.querySelector("#card [data-slot=tellus]") ?? document.getElementById("slot-card");
    slot.append(h("p", { class: "tellus-row" }, this.button, this.link));
    document.getElementById("slot-tools").append(this.unsent);
    document.getElementById("slot-sheet").append(this.dialog);
    this.app.on("language", () => {
      applyLanguage(this.dialog);
      this.#setTitle(this.titleKey);
      this.count();
    });
    this.app.on("card", (card) => {
      this.card = card;
      this.#retell();
    });
    this.app.on("past", (past) => { this.isPast = past !== null; });
    this.app.on("road", ({ pieceId }) => { if (pieceId === null && this.dialog.open) this.dialog.close(); });
    return this.count();
  }

  #setTitle(key) {
    this.titleKey = key;
    if (key) this.title.textContent = t(key);
  }

  #show(part, titleKey) {
    for (const one of [this.form, this.after, this.list]) one.hidden = one !== part;
    this.#setTitle(titleKey);
    if (!this.dialog.open) {
      this.opener = document.activeElement === document.body ? this.button : document.activeElement;
      this.dialog.showModal();
    }
    this.dialog.scrollTop = 0;
    this.title.focus();
  }

  /** What is shown now of each direction that traffic may use: by the card, or in the past by the states held. */
  #directions({ pieceId, properties = {}, geometry = null }) {
    const card = this.card?.pieceId === pieceId ? this.card : null;
    const snapshot = this.app.snapshot();
    const listed = snapshot ? factsOf(snapshot, pieceId, properties.oneway ?? 0) : {};
    const found = card && !this.isPast ? card.directions
      : Object.entries(listed).map(([direction, facts]) => ({ direction, facts }));
    const line = card?.line ?? geometry?.coordinates ?? null;
    const isLine = Array.isArray(line?.[0]) && typeof line[0][0] === "number";
    return found.filter(({ facts }) => facts && facts.char !== "-").map(({ direction, facts }) => ({
      name: direction, state: stateText(facts, this.app.nowS()),
      heading: isLine ? compassText(line, direction === "backward") : t(`tellus_${direction}`),
    }));
  }

  open() {
    const { road } = this.app;
    if (!road) return;
    const heading = this.#heading(road);
    this.road = { pieceId: road.pieceId, heading };
    this.report = null;
    fillForm(this.form, this.#directions(road), heading);
    this.#show(this.form, "tellus_title");
  }

  #heading({ pieceId, properties = {} }) {
    return (this.card?.pieceId === pieceId && this.card.name) || properties.name || properties.route || t("road_unnamed");
  }

  /** What is shown changes while somebody fills in the form: names and states follow, choices stay. */
  #retell() {
    if (!this.dialog.open || this.form.hidden || this.card.pieceId !== this.road?.pieceId) return;
    this.road.heading = this.#heading(this.app.road);
    this.form.querySelector(".tellus-road").textContent = this.road.heading;
    for (const { name, heading, state } of this.#directions(this.app.road)) {
      const term = this.form.querySelector(`dt[data-direction=${name}]`);
      const label = this.form.querySelector(`input[name=direction][value=${name}] + span`);
      if (term) {
        term.textContent = label.textContent = heading;
        term.nextElementSibling.textContent = state;
      }
    }
  }

  #problem(text) {
    const problem = document.getElementById("tellus-problem");
    problem.hidden = !text;
    problem.textContent = text;
  }

  async submit() {
    const fields = readForm(this.form, this.road.pieceId, this.app.nowS());
    if (!fields) {
      this.#problem(t("tellus_needs_seen"));
      this.form.querySelector("[name=state_seen]").focus();
      return;
    }
    await this.form.photoPending;
    const clientId = this.report?.client_id ?? newClientId();
    this.report = { client_id: clientId, fields, photo: this.form.photo, road: this.road.heading };
    const submit = this.form.querySelector("[type=submit]");
    submit.disabled = true;
    this.#problem("");
    this.app.say(t("tellus_sending"));
    const result = await send(this.report);
    submit.disabled = false;
    await this.#tell(result, this.report, (text) => this.#problem(text));
  }

  /** Says what came of a report; what could not be sent is kept on this device, and nowhere else. */
  async #tell(result, report, problem) {
    if (result.kind === "done") {
      await forget(report.client_id).catch(() => {});
      this.report = null;
      this.form.clearPhoto?.();
      const text = t(result.isRepeat ? "tellus_repeat" : "tellus_done", { number: result.number });
      const close = said("button", "tellus_close", { type: "button", class: "tellus-button tellus-main" });
      close.addEventListener("click", () => this.dialog.close());
      this.after.replaceChildren(
        h("p", { class: "tellus-done", role: "status" }, text),
        h("p", {}, said("a", "tellus_link", { href: `${result.link}?lang=${lang()}`, target: "_blank", rel: "noopener" })),
        said("p", "tellus_link_about", { class: "tellus-hint" }), close);
      this.#show(this.after, "tellus_title");
      this.app.say(text);
    } else if (result.kind === "refused") problem(t("tellus_refused", { why: result.why }));
    else {
      const isKept = await keep(report).then(() => true, () => false);
      problem(t(isKept ? "tellus_kept" : "tellus_lost", { why: result.why }));
      const submit = this.form.querySelector("[type=submit]");
      if (submit) {
        submit.dataset.t = "tellus_again";
        submit.textContent = t("tellus_again");
      }
    }
    await this.count();
  }

  async count() {
    const { length } = await waiting();
    this.unsent.hidden = length === 0;
    this.unsent.textContent = t("tellus_waiting", { n: length });
  }

  async openList(note = "") {
    const reports = await waiting();
    const rows = reports.map((report) => this.#row(report));
    this.list.replaceChildren(
      said("p", reports.length ? "tellus_waiting_about" : "tellus_waiting_none", { class: "tellus-hint" }),
      h("p", { class: "tellus-problem", role: "alert", hidden: !note }, note), h("ul", { class: "tellus-waiting" }, ...rows));
    this.#show(this.list, "tellus_waiting_title");
  }

  #row(report) {
    const seenMs = Date.parse(report.fields.seen_at);
    const nowMs = 1000 * this.app.nowS();
    const text = t("tellus_item", {
      road: report.road, seen: t(`tellus_${report.fields.state_seen}`), time: timeText(seenMs / 1000, nowMs / 1000),
    });
    const isOver = nowMs - seenMs > DAY_MS;
    const again = said("button", "tellus_again", { type: "button", class: "tellus-button tellus-main" });
    const drop = said("button", "tellus_drop", { type: "button", class: "tellus-button" });
    again.addEventListener("click", async () => {
      again.disabled = true;
      let note = "";
      const result = await send(report);
      await this.#tell(result, report, (words) => { note = words; });
      if (result.kind !== "done") await this.openList(note);
    });
    drop.addEventListener("click", async () => {
      await forget(report.client_id);
      await this.count();
      await this.openList();
    });
    return h("li", {}, h("p", {}, text), report.fields.comment ? h("p", { class: "tellus-hint" }, report.fields.comment) : null,
      report.photo ? said("p", "tellus_with_photo", { class: "tellus-hint" }) : null,
      isOver ? said("p", "tellus_too_old") : again, drop);
  }
}

export function mount(app) {
  addWords(WORDS);
  return new TellUs(app).mount();
}
