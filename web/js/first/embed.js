// The page in a frame of another one (/?embed=1): no header, a small legend, what it is, and the way to the whole map.

import { serviceUrl } from "../config.js";
import { lang, t } from "../i18n.js";
import { h } from "../ui/dom.js";

export function isEmbedded() {
  return new URLSearchParams(location.search).get("embed") === "1";
}

/** The address of the page with the present view: framed or whole. */
export function addressOf(language, framed) {
  const url = new URL(serviceUrl(""));
  url.searchParams.set("lang", language);
  if (framed) url.searchParams.set("embed", "1");
  url.hash = location.hash;
  return url.href;
}

/** Turns the page into its framed form where the address asks for it. */
export function mount(app) {
  if (!isEmbedded()) return;
  document.body.classList.add("is-embed");
  const whole = h("a", { target: "_blank", rel: "noopener" });
  const what = h("span");
  const legend = document.getElementById("overview-legend").cloneNode(true);
  legend.id = "embed-legend";
  const write = () => {
    whole.textContent = t("embed_whole");
    what.textContent = t("embed_by");
    legend.setAttribute("aria-label", t("legend"));
    for (const word of legend.querySelectorAll("[data-t]")) word.textContent = t(word.dataset.t);
  };
  const aim = () => { whole.href = addressOf(lang(), false); };
  for (const event of ["pointerdown", "focus", "click"]) whole.addEventListener(event, aim);
  const heading = document.querySelector("h1"); // the header is not shown, the page keeps its heading
  heading.className = "for-screen-readers";
  document.getElementById("main").prepend(heading);
  document.getElementById("main").append(
    h("section", { class: "embed-foot", "aria-labelledby": "embed-by" }, legend, h("p", { id: "embed-by" }, what, " ", whole)));
  app.on("language", write);
  write();
  aim();
}
