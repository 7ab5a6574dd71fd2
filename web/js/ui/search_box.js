// The combobox (ARIA Authoring Practices: editable combobox with a list): asks while one types, and shows what is kept
// on the device while the box is empty. The focus stays in the box; the arrow keys move through the list.

import { addWords, lang, t } from "../i18n.js";
import words from "../text/search_words.js";
import { h } from "./dom.js";
import { Favourites } from "./favourites.js";
import { openEditor } from "./favourites_editor.js";
import { mountStar } from "./favourites_star.js";
import { locate } from "./location.js";
import { Places, placeOf } from "./place.js";
import { askServer } from "./search_ask.js";

const PAUSE_MS = 200;
const $ = (id) => document.getElementById(id);

class SearchBox {
  #app;
  #box = $("search-box");
  #list = h("ul", { id: "search-list", role: "listbox", hidden: true });
  #foot = h("div", { class: "search-foot", hidden: true });
  #status = h("p", { id: "search-status", role: "status" });
  #options = []; // {place, label, detail, kind} of each option
  #active = -1;
  #timer = 0;
  #asking = null; // AbortController of the question under way

  constructor(app, favourites) {
    this.#app = app;
    this.favourites = favourites;
    this.#box.setAttribute("maxlength", "100");
    this.#box.type = "text"; // a search field may not be a combobox (ARIA in HTML)
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"],
      ["aria-controls", "search-list"]]) this.#box.setAttribute(name, value);
    const slot = $("slot-search");
    slot.append(h("div", { class: "search-drop" }, this.#list, this.#foot), this.#status);
    this.#box.addEventListener("input", (event) => this.#typed(event.isComposing));
    this.#box.addEventListener("compositionend", () => this.#typed(false));
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#box.addEventListener("focus", () => { if (!this.#text()) this.#showKept(); });
    this.#box.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#foot.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.#box.focus();
      this.#close();
    });
    slot.addEventListener("focusout", ({ relatedTarget }) => {
      if (!slot.contains(relatedTarget)) this.#close();
    });
    this.#list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the box
    this.#list.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) this.#choose(Number(option.dataset.n));
    });
    app.on("language", () => this.relabel());
    this.relabel();
    if (document.activeElement === this.#box) this.#typed(false); // somebody was here before us
  }

  relabel() {
    this.#list.setAttribute("aria-label", t("search_results"));
    this.#status.textContent = "";
    this.#close();
  }

  #text() {
    return this.#box.value.trim();
  }

  #typed(isComposing) {
    clearTimeout(this.#timer);
    if (isComposing) return; // what an input method has not settled yet is no question
    if (this.#text()) this.#timer = setTimeout(() => this.ask(), PAUSE_MS);
    else this.#showKept();
  }

  /** Asks for what stands in the box; resolves when its answer is shown, or another question has taken its place. */
  async ask() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    if (!this.#text()) return;
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const found = await askServer(this.#text(), lang(), this.#near(), asking.signal);
      if (asking.signal.aborted) return;
      this.#show(found.results.map((result) => ({ place: placeOf(result, found.network_version), label: result.label,
        detail: result.detail, kind: result.kind_name })));
      this.#tell(found);
    } catch (error) {
      if (asking.signal.aborted) return;
      console.warn(error.message);
      this.#show([]);
      this.#status.textContent = t("search_offline");
    }
  }

  /** The middle of the map, so that of two places of one name the one in sight comes first. */
  #near() {
    const middle = this.#app.page?.map.getCenter();
    return middle ? [middle.lng, middle.lat] : null;
  }

  #tell(found) {
    const counted = found.n > 0 ? t("search_count", { n: found.n }) : "";
    this.#status.textContent = found.hint ?? counted;
    this.#status.classList.toggle("for-screen-readers", !found.hint && found.n > 0);
  }

  #showKept() {
    this.#asking?.abort();
    const kept = this.favourites.list().map((place) => ({ place, label: place.name, detail: place.detail ?? "",
      kind: t("favourite") }));
    const recent = this.favourites.recent().map((place) => ({ place, label: place.name, detail: place.detail ?? "",
      kind: t("recent") }));
    this.#status.textContent = "";
    this.#show([...kept, ...recent]);
    this.#foot.hidden = kept.length + recent.length === 0 && !this.favourites.isForbidden;
    if (this.#foot.hidden) return;
    const edit = h("button", { type: "button" }, t("favourites_edit"));
    edit.addEventListener("click", () => {
      this.#close();
      openEditor(this.#app, this.favourites);
    });
    this.#foot.replaceChildren(...(this.favourites.isForbidden ? [h("p", { class: "hint" }, t("favourites_forbidden"))]
      : []), edit);
  }

  #show(options) {
    this.#options = options;
    this.#foot.hidden = true;
    this.#list.replaceChildren(...options.map(({ label, detail, kind }, n) => h("li", { id: `search-option-${n}`,
      role: "option", "aria-selected": "false", "data-n": n }, h("span", { class: "label" }, label),
    h("span", { class: "detail" }, detail), h("span", { class: "kind" }, kind))));
    this.#list.hidden = options.length === 0;
    this.#box.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.#setActive(-1);
  }

  #close() {
    this.#list.hidden = true;
    this.#foot.hidden = true;
    this.#box.setAttribute("aria-expanded", "false");
    this.#setActive(-1);
  }

  #setActive(n) {
    this.#active = n;
    [...this.#list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === n)));
    if (n < 0) this.#box.removeAttribute("aria-activedescendant");
    else {
      this.#box.setAttribute("aria-activedescendant", `search-option-${n}`);
      this.#list.children[n].scrollIntoView({ block: "nearest" });
    }
  }

  #key(event) {
    const n = this.#options.length;
    if (event.isComposing) return;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && n > 0) {
      event.preventDefault();
      this.#list.hidden = false;
      this.#box.setAttribute("aria-expanded", "true");
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#setActive(this.#active < 0 ? (step > 0 ? 0 : n - 1) : (this.#active + step + n) % n);
    } else if (event.key === "Escape" && !this.#list.hidden) {
      event.preventDefault(); // the panels leave it alone then
      this.#close();
    } else if (event.key === "Escape" && this.#box.value) {
      event.preventDefault();
      this.#box.value = "";
      this.#typed(false);
    }
  }

  async #submit() {
    if (this.#active >= 0) {
      this.#choose(this.#active);
      return;
    }
    await this.ask();
    if (!this.#text() || this.#options.length === 0) return;
    if (this.#options.length === 1) this.#choose(0);
    else this.#setActive(0); // a second Enter takes it
  }

  #choose(n) {
    const { place } = this.#options[n];
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#box.value = place.name;
    this.#status.textContent = "";
    this.#close();
    this.favourites.remember(place);
    this.#app.emit("place", place);
  }

  /** Where the device is, said and opened like any other place. */
  locate() {
    this.#close();
    return locate(this.#app, (text) => {
      this.#status.classList.remove("for-screen-readers");
      this.#status.textContent = text;
    });
  }
}

/** Makes the box; called once. */
export function open(app) {
  addWords(words);
  const favourites = new Favourites();
  const places = new Places(app, favourites);
  mountStar(app, favourites, places);
  return new SearchBox(app, favourites);
}
