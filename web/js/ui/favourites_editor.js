// The sheet in which favourites are renamed, put in order and removed, and the last searches are kept or cleared.

import { t } from "../i18n.js";
import { h } from "./dom.js";

const ID = "favourites";

/** Opens the sheet; the focus comes back to the search box when it is closed. */
export function openEditor(app, favourites) {
  let sheet = document.getElementById(ID);
  if (!sheet) {
    sheet = h("section", { id: ID, class: "panel", "aria-labelledby": "favourites-title", hidden: true });
    document.getElementById("slot-sheet").append(sheet);
    favourites.onChange(() => { if (!sheet.hidden) fill(app, favourites, sheet); });
    app.on("language", () => { if (!sheet.hidden) fill(app, favourites, sheet); });
  }
  fill(app, favourites, sheet);
  document.getElementById("search-box").focus();
  app.panels.open(ID);
}

function fill(app, favourites, sheet) {
  const focused = document.activeElement?.dataset?.focus;
  const close = h("button", { class: "close", type: "button", "aria-label": t("close") }, "×");
  close.addEventListener("click", () => app.panels.close(ID));
  const rows = favourites.list().map((place, n, all) => row(app, favourites, place, n, all.length));
  const keeps = h("input", { type: "checkbox", id: "keeps-recent" });
  keeps.checked = favourites.keepsRecent;
  keeps.addEventListener("change", () => { favourites.keepsRecent = keeps.checked; });
  const clear = h("button", { type: "button" }, t("recent_clear"));
  clear.disabled = favourites.recent().length === 0;
  clear.addEventListener("click", () => {
    favourites.clearRecent();
    app.say(t("recent_cleared"));
  });
  sheet.replaceChildren(
    h("div", { class: "panel-head" }, h("h2", { id: "favourites-title" }, t("favourites")), close),
    h("div", { class: "panel-body" },
      h("p", { class: "hint" }, t(favourites.isForbidden ? "favourites_forbidden" : "favourites_about")),
      rows.length > 0 ? h("ol", { class: "favourites" }, ...rows) : h("p", {}, t("favourites_none")),
      h("p", { class: "recent" }, h("label", {}, keeps, " ", t("recent_keep")), clear)));
  if (focused) sheet.querySelector(`[data-focus="${focused}"]:not(:disabled)`)?.focus();
}

function row(app, favourites, place, n, count) {
  const name = h("input", { type: "text", maxlength: 60, "aria-label": t("favourite_name"), "data-focus": `name-${n}` });
  name.value = place.name;
  name.addEventListener("change", () => favourites.rename(n, name.value));
  const button = (key, text, act, isOff = false) => {
    const made = h("button", { type: "button", "aria-label": t(key, { name: place.name }), disabled: isOff,
      "data-focus": `${key}-${n}` }, text);
    made.addEventListener("click", act);
    return made;
  };
  const move = (by) => () => {
    favourites.move(n, by);
    const moved = document.querySelector(`#${ID} [data-focus="${by < 0 ? "favourite_up" : "favourite_down"}-${n + by}"]`);
    (moved?.disabled ? document.querySelector(`#${ID} [data-focus="name-${n + by}"]`) : moved)?.focus();
    app.say(t("favourite_moved", { name: place.name, n: n + by + 1 }));
  };
  const remove = () => {
    favourites.remove(n);
    app.say(t("favourite_removed", { name: place.name }));
    const next = document.querySelector(`#${ID} [data-focus="name-${Math.min(n, count - 2)}"]`);
    (next ?? document.querySelector(`#${ID} .close`)).focus();
  };
  return h("li", {}, name, button("favourite_up", "↑", move(-1), n === 0),
    button("favourite_down", "↓", move(1), n === count - 1), button("favourite_remove", "×", remove));
}
