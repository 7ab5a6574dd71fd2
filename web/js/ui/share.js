// Sharing of what is shown: the device's own way of sharing where it has one, else a copy, and always the link itself to
// be copied by hand. Nothing asks for a permission.

import { linkTo } from "../address.js";
import { lang, t } from "../i18n.js";
import { h } from "./dom.js";

export class Share {
  #say;
  #titleOf;

  /** `say` speaks to screen readers; `titleOf()` gives a title of what is shown. */
  constructor(say, titleOf) {
    this.#say = say;
    this.#titleOf = titleOf;
    this.button = h("button", { class: "card-share", type: "button" });
    this.status = h("p", { class: "hint" });
    this.field = h("input", { class: "card-link", type: "text", readonly: true });
    this.panel = h("div", { class: "card-share-panel", hidden: true }, this.status, this.field);
    this.button.addEventListener("click", () => this.#share());
    this.field.addEventListener("focus", () => this.field.select());
    this.relabel();
  }

  relabel() {
    this.button.textContent = t("card_share");
    this.field.setAttribute("aria-label", t("card_link"));
    this.close();
  }

  close() {
    this.panel.hidden = true;
  }

  async #share() {
    const url = linkTo(lang());
    this.field.value = url;
    if (navigator.share && await shared({ title: this.#titleOf(), url })) return;
    const isCopied = await copied(url);
    this.status.textContent = t(isCopied ? "card_shared" : "card_share_by_hand");
    this.panel.hidden = false;
    this.#say(this.status.textContent);
    if (!isCopied) this.field.focus();
  }
}

/** Whether the device's dialogue took it, or the person closed it. */
async function shared(what) {
  try {
    await navigator.share(what);
    return true;
  } catch (error) {
    return error.name === "AbortError";
  }
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no secure context, or it is forbidden: the field shows the link
  }
}
