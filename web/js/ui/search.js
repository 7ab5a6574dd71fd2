// The search box as it stands in the first view: small, and it works as a form without us. What finds, shows and keeps
// places (search_box.js) is loaded when somebody goes there, when the address asks by ?q=, or when there is time.

import { h } from "./dom.js";

const IDLE_MS = 5000;

export function mount(app) {
  const box = document.getElementById("search-box");
  const locate = h("button", { id: "locate", type: "button", "data-t": "locate" }, app.t("locate"));
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
