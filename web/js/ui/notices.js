// What must always be readable: the time of what is shown, that data is synthetic, that there is no connection.

import { asOfS, presentS as nowS } from "../clock.js";
import { t, timeText } from "../i18n.js";

const element = (id) => document.getElementById(id);

// The server brings its states up to date twice a minute; after this time without that something is wrong there.
const STALE_S = 300;

let event = null;
let isOffline = false;

export function setSynthetic(isSynthetic) {
  element("synthetic").hidden = !isSynthetic;
}

export function setEvent(next) {
  event = next;
  showNotices();
}

export function setOffline(next) {
  isOffline = next;
  showNotices();
}

/** Writes clock, event and connection notice; called by the clock as well. */
export function showNotices() {
  const warning = warningText();
  document.body.classList.toggle("is-offline", warning !== "");
  element("as-of").textContent = hasData() ? t("as_of", { time: timeText(asOfS(), nowS()) }) : t("loading");
  element("event").textContent = eventText();
  element("offline").hidden = warning === "";
  if (element("offline").textContent !== warning) element("offline").textContent = warning;
}

function hasData() {
  return !Number.isNaN(asOfS());
}

function warningText() {
  if (!hasData()) return isOffline ? t("never_loaded") : "";
  const time = timeText(asOfS(), nowS());
  if (isOffline) return t("offline", { time });
  return nowS() - asOfS() > STALE_S ? t("stale", { time }) : "";
}

function eventText() {
  if (!event) return "";
  if (event.kind === "standing" || !event.reference_at) return event.name ?? t("no_event");
  const sinceS = Date.parse(event.reference_at) / 1000;
  return t("as_of_event", { event: event.name, time: timeText(sinceS, nowS()) });
}

/** For screen readers, once. */
export function say(text) {
  element("live").textContent = text;
}
