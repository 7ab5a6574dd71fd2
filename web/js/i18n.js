// The language of the page: ?lang=, else what was chosen last, else the browser's. Words, times and ages in it.

import en from "./text/en.js";
import ja from "./text/ja.js";

const TEXTS = { ja, en };
const STORAGE_KEY = "yukimichi.lang";

let language = firstLanguage();
let timeZone = "Asia/Tokyo";

function firstLanguage() {
  const asked = [new URLSearchParams(location.search).get("lang"), stored(), navigator.language.slice(0, 2), "ja"];
  return asked.find((name) => name in TEXTS) ?? "en";
}

function stored() {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null; // storage may be forbidden, then the choice lives as long as the page
  }
}

/** Adds words that come with a later part of the page: {ja: {key: text}, en: {…}}. A key that is there stays as it is. */
export function addWords(more) {
  for (const [name, texts] of Object.entries(TEXTS)) TEXTS[name] = { ...more[name], ...texts };
}

export function lang() {
  return language;
}

export function setTimeZone(name) {
  timeZone = name;
}

/** Switches to the other language, remembers it and writes it into the address. */
export function toggleLanguage() {
  language = language === "ja" ? "en" : "ja";
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // see stored()
  }
  const url = new URL(location.href);
  url.searchParams.set("lang", language);
  history.replaceState(history.state, "", url);
  applyLanguage();
  document.dispatchEvent(new CustomEvent("yukimichi:language"));
}

/** Words for `key`, with {name} filled in from `values`. An unknown key shows itself. */
export function t(key, values = {}) {
  const text = TEXTS[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function has(key) {
  return key in TEXTS[language];
}

/** Fills every element with data-t (text), data-t-label (aria-label) and data-t-placeholder. */
export function applyLanguage(root = document) {
  document.documentElement.lang = language;
  document.title = `${t("title")} – ${t("subtitle")}`;
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
  for (const element of root.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
}

/** Time of day in the service's zone; with the date when it is not the day of `nowS`. */
export function timeText(atS, nowS) {
  const at = new Date(atS * 1000);
  const locale = language === "ja" ? "ja-JP" : "en-GB";
  const time = at.toLocaleTimeString(locale, { timeZone, hour: "2-digit", minute: "2-digit" });
  const day = (date) => date.toLocaleDateString(locale, { timeZone, month: "numeric", day: "numeric" });
  const month = language === "ja" ? "numeric" : "short";
  const date = at.toLocaleDateString(locale, { timeZone, month, day: "numeric" });
  return day(at) === day(new Date(nowS * 1000)) ? time : `${date} ${time}`;
}

export function ageText(ageS) {
  const minutes = Math.floor(ageS / 60);
  if (minutes < 1) return t("just_now");
  if (minutes < 60) return t("age_minutes", { m: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t("age_hours", { h: hours, m: minutes % 60 });
  return t("age_days", { d: Math.floor(hours / 24), h: hours % 24 });
}
