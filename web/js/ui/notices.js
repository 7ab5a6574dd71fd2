// What must always be readable: the time of what is shown, that data is synthetic, that there is no connection.

import { contactS, nowS } from "../clock.js";
import { t, timeText } from "../i18n.js";

const element = (id) => document.getElementById(id);

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
  const hasContact = !Number.isNaN(contactS());
  document.body.classList.toggle("is-offline", isOffline);
  element("as-of").textContent = hasContact ? t("as_of", { time: timeText(contactS(), nowS()) }) : t("loading");
  element("event").textContent = eventText();
  const notice = element("offline");
  notice.hidden = !isOffline;
  const text = hasContact ? t("offline", { time: timeText(contactS(), nowS()) }) : t("never_loaded");
  if (isOffline && notice.textContent !== text) notice.textContent = text;
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
