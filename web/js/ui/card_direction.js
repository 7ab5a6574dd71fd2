// One direction of the road on the card, in two places: its state stands at the top beside the other one's (`root`), what a
// resident asks next below (`more`), where the log and the evidence fold away. The elements stay while their words change, so that nobody loses focus or place while the clock goes on.

import { shown } from "../status/classify.js";
import { has, t } from "../i18n.js";
import { Visits } from "./card_visits.js";
import { h } from "./dom.js";
import { ageAndTime, evidenceRows, list, stateText, words } from "./evidence.js";
import { swatch } from "./swatch.js";

const FRESH_S = 600; // what is told of machines at work is left out when the answer is older

export class DirectionBlock {
  #parts = {
    heading: h("h3", { class: "heading" }), state: h("p", { class: "state" }), reason: h("p", { class: "reason" }),
    stored: h("p", { class: "hint" }), again: h("h3", { class: "heading" }), facts: h("div", { class: "facts" }),
  };
  #visits = new Visits();
  #summary = h("summary", {});
  #evidence = h("div", {});

  constructor() {
    const { heading, state, reason, stored, again, facts } = this.#parts;
    const folded = h("details", { class: "evidence" }, this.#summary, this.#evidence);
    this.root = h("section", { class: "direction" }, h("div", { class: "first" }, heading, state), reason, stored);
    this.more = h("section", { class: "direction-more" }, again, facts, this.#visits.root, folded);
  }

  /** `facts`: what may be shown of the state; `told`: the server's direction or null; `card`: the answer it stands in. */
  update({ facts, told, card, heading, nowS, asOfS, colours }) {
    const { code, state, reason } = shown(facts, nowS);
    const parts = this.#parts;
    this.root.dataset.state = state;
    setText(parts.heading, heading);
    setText(parts.again, heading);
    parts.state.replaceChildren(swatch(code, colours), h("strong", {}, stateText(facts, nowS)));
    setText(parts.reason, state === "unknown" && reason && reason !== "none" ? `${t("reason")}: ${reasonText(reason)}` : "");
    setText(parts.stored, facts.char === "c" && state === "unknown" ? t("stored_was", { state: t("cleared") }) : "");
    parts.facts.replaceChildren(list(state === "closed" ? [] : rows({ facts, told, state, nowS, asOfS })));
    this.#visits.update(told?.visits ?? null, {
      note: told ? words(card.visits_note) : "", hasMore: card?.has_more_visits === true, heading, nowS,
    });
    this.#summary.textContent = t("details");
    this.#evidence.replaceChildren(list(evidenceRows(facts, told, state, nowS)));
  }
}

function setText(element, text) {
  element.hidden = text === "";
  if (element.textContent !== text) element.textContent = text;
}

function reasonText(reason) {
  return has(`reason_${reason}`) ? t(`reason_${reason}`) : reason;
}

function rows({ facts, told, state, nowS, asOfS }) {
  const out = [];
  if (!Number.isNaN(facts.clearedS)) {
    out.push(["cleared_at", ageAndTime(facts.clearedS, nowS)], ["card_snow", snowText(told)]);
  }
  if (!told) return out;
  if (told.confidence_words) out.push(["card_by", workText(told)]);
  if (told.restriction_words) out.push(["restriction", words(told.restriction_words)]);
  out.push(["card_target", targetText(told.target)]);
  // what is said of why and of machines at work is of the state and the moment of the answer alone
  if (told.state !== state || nowS - asOfS > FRESH_S) return out;
  if (told.why_not_yet?.length) {
    out.push(["card_why", h("ul", {}, ...told.why_not_yet.map(({ words: why }) => h("li", {}, words(why))))]);
  }
  if (told.next && told.next.code !== "done") out.push(["card_next", words(told.next.words)]);
  return out;
}

function workText({ treatment_words: what, work_basis_words: basis }) {
  return what ? t("card_work", { what: words(what), how: words(basis) }) : words(basis);
}

function targetText({ due, state, words: standing }) {
  return state === "no_target" ? words(standing) : `${words(due)} – ${words(standing)}`;
}

function snowText(told) {
  const { cm = null, basis } = told?.snow ?? {};
  if (cm === null) return t("snow_unknown");
  return t(basis === "partial" ? "snow_partial_cm" : "snow_cm", { cm: Math.round(cm) });
}
