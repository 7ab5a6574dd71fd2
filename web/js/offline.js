// Makes the page one that opens without a connection: has the service worker installed once the map stands, and says when
// another version of the page is ready. That there is no connection is said by ui/notices.js.

import { serviceUrl } from "./config.js";
import { addWords, t } from "./i18n.js";
import { h } from "./ui/dom.js";

const LOOK_MS = 3600000; // so often an open page looks for another version
const WORDS = {
  ja: { update_ready: "この地図の新しい版があります。", update_now: "更新する" },
  en: { update_ready: "A new version of this map is ready.", update_now: "Update" },
};

export function mount(app) {
  // only over https or from this machine, and not in the frame of another page, whose storage is apart
  if (!navigator.serviceWorker || window.top !== window) return;
  addWords(WORDS);
  watchTakeOver();
  app.on("map", () => install(app).catch((error) => console.warn(`no service worker: ${error.message}`)));
}

async function install(app) {
  const registration = await navigator.serviceWorker.register(serviceUrl("sw.js"), { updateViaCache: "none" });
  const notice = makeNotice(() => registration.waiting?.postMessage({ kind: "take over" }));
  const say = () => {
    notice.firstChild.textContent = t("update_ready");
    notice.lastChild.textContent = t("update_now");
    notice.hidden = !registration.waiting;
  };
  const watch = (worker) => worker?.addEventListener("statechange", say);
  watch(registration.installing);
  registration.addEventListener("updatefound", () => watch(registration.installing));
  app.on("language", say);
  say();
  const look = () => registration.update().catch(() => {}); // without a connection there is nothing to find
  setInterval(look, LOOK_MS);
  addEventListener("online", look);
}

function makeNotice(onUpdate) {
  const button = h("button", { type: "button", id: "update-now" });
  const notice = h("p", { id: "update", class: "notice update", role: "status", hidden: true }, h("span"), button);
  button.addEventListener("click", onUpdate);
  document.querySelector("header").append(notice);
  return notice;
}

/** Every open page goes over to the new version at once: its other files would be of that one from now on. */
function watchTakeOver() {
  let isTaken = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (isTaken) location.reload();
    isTaken = true;
  });
}
