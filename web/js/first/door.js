// When the map is loaded: at once after the first view on a good line, when there is time on another one, and by hand alone
// where data is to be saved or the line is 2G.

import { t } from "../i18n.js";
import { isThrifty } from "../status/pace.js";

const IDLE_MS = 3000;
const $ = (id) => document.getElementById(id);

/** Shows the button, and opens the map by itself where the line allows. */
export function openMapInTime(app) {
  let opening = null;

  async function open() {
    opening ??= load(app);
    try {
      await opening;
    } catch (error) {
      opening = null; // the button tries again
      $("open-map").hidden = false;
      $("open-map-why").textContent = t("map_failed", { why: error.message });
      throw error;
    }
  }

  $("open-map").addEventListener("click", open);
  if (isThrifty()) {
    $("open-map-why").textContent = t("open_map_thrifty");
    $("open-map").hidden = false;
  } else if (navigator.connection?.effectiveType === "3g" && "requestIdleCallback" in globalThis) {
    requestIdleCallback(open, { timeout: IDLE_MS });
  } else {
    requestAnimationFrame(() => setTimeout(open)); // after the first view has been drawn
  }
}

async function load(app) {
  $("open-map").hidden = true;
  $("open-map-why").textContent = t("map_loading");
  for (const address of app.given?.modules ?? []) hint(new URL(address, new URL("../../", import.meta.url)));
  const { openMap } = await import("../map/page.js");
  await openMap(app);
  $("open-map-why").textContent = "";
}

/** Lets the browser fetch a module before another one asks for it. */
function hint(url) {
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.href = url.href;
  document.head.append(link);
}
