// Wires the first view: configuration, words, clock, light parts; then the way to the map. No rules live here.

import { setRoadInAddress } from "./address.js";
import { createApp, mountParts } from "./app.js";
import { every, nowS, setFromStart } from "./clock.js";
import { loadConfig } from "./config.js";
import { openMapInTime } from "./first/door.js";
import { startOf } from "./first/start.js";
import { applyLanguage, lang, setTimeZone, t, toggleLanguage } from "./i18n.js";
import { LIGHT } from "./parts.js";
import { setOffline, setSynthetic, showNotices } from "./ui/notices.js";
import { setUpPanels } from "./ui/panels.js";

const TICK_MS = 10000;
const $ = (id) => document.getElementById(id);

async function start() {
  applyLanguage();
  const given = startOf(document);
  if (given) setFromStart(given.served_at, given.summary?.as_of);
  const config = given?.config ?? await loadConfig(() => setOffline(true));
  setTimeZone(config.timezone ?? "Asia/Tokyo");
  setSynthetic(config.synthetic);
  const app = createApp(config);
  app.given = given;
  setUpPanels();
  app.on("offline", setOffline);
  app.on("tick", showNotices);
  app.on("road", ({ pieceId }) => setRoadInAddress(pieceId));
  $("language").addEventListener("click", toggleLanguage);
  document.addEventListener("yukimichi:language", () => {
    applyLanguage();
    showNotices();
    app.emit("language", lang());
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => app.emit("theme"));
  await mountParts(app, LIGHT, new URL("./parts.js", import.meta.url));
  document.body.classList.add("is-useful");
  showNotices();
  every(TICK_MS, () => app.emit("tick", nowS()));
  openMapInTime(app);
}

start().catch((error) => {
  const notice = $("offline");
  notice.hidden = false;
  notice.textContent = t("map_failed", { why: error.message });
  throw error;
});
