// The log of visits of one direction as a table that folds away.

import { lang, t, timeText } from "../i18n.js";
import { h } from "./dom.js";
import { seconds, words } from "./evidence.js";

export class Visits {
  #shown = null; // what the table was made of
  #summary = h("summary", {});
  #body = h("div", { class: "card-table" });

  constructor() {
    this.root = h("details", { class: "visits", hidden: true }, this.#summary, this.#body);
  }

  /** `visits` as the server tells them, null: not told, then `note` says why; `heading` names the direction. */
  update(visits, { note, hasMore, heading, nowS }) {
    this.root.hidden = visits === null && !note;
    this.#summary.textContent = t("card_visits", { n: visits?.length ?? 0 });
    const shown = JSON.stringify([visits, note, hasMore, heading, lang(), timeText(nowS, nowS).length]);
    if (shown === this.#shown) return; // a table that somebody reads is not made again
    this.#shown = shown;
    this.#body.replaceChildren(
      visits?.length ? table(visits, heading, nowS) : visits ? h("p", {}, t("card_visits_none")) : "",
      ...(hasMore ? [h("p", { class: "hint" }, t("card_visits_more"))] : []),
      ...(note ? [h("p", { class: "hint" }, note)] : []));
  }
}

function table(visits, heading, nowS) {
  const head = ["card_when", "card_what", "card_metres"].map((key) => h("th", { scope: "col" }, t(key)));
  return h("table", {},
    h("caption", {}, t("card_visits_caption", { heading })),
    h("thead", {}, h("tr", {}, ...head)),
    h("tbody", {}, ...visits.map((visit) => row(visit, nowS))));
}

function row({ began_at: began, ended_at: ended, words: what, metres }, nowS) {
  const from = timeText(seconds(began), nowS);
  const to = timeText(seconds(ended), seconds(began)); // the day stands with the begin
  return h("tr", {}, h("th", { scope: "row" }, `${from}–${to}`), h("td", {}, words(what)), h("td", {}, `${metres} m`));
}
