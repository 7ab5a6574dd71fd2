// The search box as it stands in the first view: small, and it works as a form without us. What finds, shows and keeps
// places (search_box.js) is loaded when somebody goes there, when the address asks by ?q=, or when there is time.

import { h, svg } from "./dom.js";

const IDLE_MS = 5000;

export function mount(app) {
  const box = document.getElementById("search-box");
  const cross = svg("svg", { viewBox: "0 0 24 24", width: 24, height: 24, "aria-hidden": "true" },
    svg("circle", { cx: 12, cy: 12, r: 6 }), svg("path", { d: "M12 1v6M12 17v6M1 12h6M17 12h6" }));
  const locate = h("button", { id: "locate", type: "button", "data-t-label": "locate", "aria-label": app.t("locate"),
    title: app.t("locate") }, cross);
  document.getElementById("search-form").append(locate);
  let loading = null;

  function load() {
    loading ??= import("./search_box.js").then((part) => part.open(app)).catch((error) => {
      loading = null; // the next touch tries again; until then the form leads to the text pages
      console.warn(error.message);
      return null;
    });
    return loading;
  }

  box.addEventListener("focus", load);
  box.addEventListener("input", load);
  locate.addEventListener("click", async () => {
    const search = await load();
    if (search) search.locate();
    else app.say(app.t("never_loaded"));
  });
  const asked = new URLSearchParams(location.search).get("q")?.trim();
  if (asked) {
    box.value = asked;
    load().then((search) => search?.ask());
  } else if (globalThis.requestIdleCallback) {
    requestIdleCallback(load, { timeout: IDLE_MS });
  }
}
