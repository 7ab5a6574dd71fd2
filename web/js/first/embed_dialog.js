// "Show this map on your page": the snippet of a frame with the present view and a language; and the way to the printer.

import { lang, t } from "../i18n.js";
import { h } from "../ui/dom.js";
import { addressOf, isEmbedded } from "./embed.js";

const ID = "embed-sheet";
const HEIGHT_PX = 480;

/** The HTML that a page takes over. */
export function snippet(language) {
  const quoted = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<iframe src="${quoted(addressOf(language, true))}" title="${quoted(t("embed_title"))}" width="100%" `
    + `height="${HEIGHT_PX}" loading="lazy" allowfullscreen></iframe>`;
}

export function mount(app) {
  if (isEmbedded()) return;
  const words = (tag, key, attributes = {}) => h(tag, { "data-t": key, ...attributes }, t(key));
  const button = words("button", "embed_button", { type: "button", "aria-controls": ID, "aria-expanded": "false" });
  const language = h("select", { id: "embed-language" },
    ...[["ja", "日本語"], ["en", "English"]].map(([value, name]) => h("option", { value, lang: value }, name)));
  const code = h("textarea", { id: "embed-code", readonly: true, rows: "5", spellcheck: "false" });
  const copied = h("p", { role: "status" });
  const copy = words("button", "embed_copy", { type: "button" });
  const print = words("button", "print", { type: "button" });
  const close = h("button", { class: "close", type: "button", "data-t-label": "close", "aria-label": t("close") }, "×");
  const sheet = h("section", { id: ID, class: "panel sheet", "aria-labelledby": "embed-heading", hidden: true },
    h("div", { class: "panel-head" }, words("h2", "embed_heading", { id: "embed-heading" }), close),
    h("div", { class: "panel-body" },
      words("p", "embed_about"),
      h("p", {}, words("label", "embed_language", { for: "embed-language" }), " ", language),
      words("label", "embed_code", { for: "embed-code" }), code,
      h("p", { class: "sheet-buttons" }, copy, print), copied));
  const write = () => { code.value = snippet(language.value); };

  button.addEventListener("click", () => {
    if (!sheet.hidden) {
      app.panels.close(ID);
      return;
    }
    language.value = lang();
    copied.textContent = "";
    write();
    app.panels.open(ID);
  });
  close.addEventListener("click", () => app.panels.close(ID));
  language.addEventListener("change", write);
  copy.addEventListener("click", async () => {
    write();
    code.select();
    try {
      await navigator.clipboard.writeText(code.value);
      copied.textContent = t("embed_copied");
    } catch {
      copied.textContent = t("embed_copy_by_hand"); // no permission, or no secure context: the text is selected
    }
  });
  print.addEventListener("click", () => {
    app.panels.close(ID);
    globalThis.print();
  });
  document.getElementById("slot-tools").append(button);
  document.getElementById("slot-sheet").append(sheet);
}
