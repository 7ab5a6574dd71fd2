// "My area" in words: the municipality that was chosen on this device, else the whole. Never a bare percentage: what is
// unknown is always said beside it, with its reasons.

import { nowS } from "../clock.js";
import { ageText, has, lang, t, timeText } from "../i18n.js";
import { h } from "../ui/dom.js";
import { STATES, kmAt, percentAt } from "./shares.js";
import { startSummary } from "./summary.js";

const STORAGE_KEY = "yukimichi.area";
const WHOLE = "";
const $ = (id) => document.getElementById(id);
const seconds = (text) => (text ? Date.parse(text) / 1000 : NaN);
const kmText = (km) => (km < 10 ? km.toFixed(1) : String(Math.round(km)));

/** The area of an id, the whole where there is none. */
export function areaOf(summary, id) {
  return summary.areas.find((area) => area.id === id) ?? summary.areas[0];
}

export function areaName(area) {
  if (area.id === WHOLE) return t("area_whole");
  return (lang() === "en" && area.name_en) || area.name;
}

/** 「金沢市：除雪完了 62 %、除雪中 4 %、未除雪 21 %、不明 13 %（06:10 現在）」 */
export function areaSentence(summary, area, atS) {
  const percent = percentAt(area, atS);
  const time = timeText(seconds(summary.as_of), atS);
  if (!percent) return t("area_nothing", { area: areaName(area), time });
  return t("area_sentence", { area: areaName(area), time, ...percent });
}

/** The further sentences, each as text. */
export function areaDetails(summary, area, atS) {
  const km = kmAt(area, atS);
  const planned = STATES.reduce((all, state) => all + km[state], 0);
  const lines = [t("area_planned", { km: kmText(planned) })];
  if (summary.event.kind === "standing") lines.push(t("no_event"));
  const reasons = { ...area.reasons, expired: (area.reasons.expired ?? 0) + km.expired };
  const why = Object.entries(reasons).filter(([name, n]) => n > 0 && has(`reason_${name}`)).sort(([, a], [, b]) => b - a)
    .map(([name, n]) => t("area_reason", { reason: t(`reason_${name}`), km: kmText(n) }));
  if (why.length > 0) lines.push(t("area_reasons", { reasons: why.join(t("comma")) }));
  const ageS = atS - seconds(area.median_cleared_at);
  if (ageS >= 0) lines.push(t("area_age", { age: ageText(ageS) }));
  const oldestS = atS - seconds(area.oldest_observed_at);
  if (oldestS >= 0) lines.push(t("area_oldest", { age: ageText(oldestS) }));
  lines.push(snowText(area.snow));
  if (area.off_plan_km > 0) lines.push(t("area_off_plan", { km: kmText(area.off_plan_km) }));
  return lines;
}

function snowText(snow) {
  if (!snow || snow.since_cm === null) return t("area_snow_unknown");
  const cm = Math.round(snow.since_cm);
  return t(snow.basis === "observed" ? "area_snow" : "area_snow_partial", { cm });
}

export function chosenArea() {
  try {
    return localStorage.getItem(STORAGE_KEY) ?? WHOLE;
  } catch {
    return WHOLE; // storage may be forbidden, then the choice lives as long as the page
  }
}

function keep(id) {
  try {
    localStorage.setItem(STORAGE_KEY, id);
  } catch {
    // see chosenArea()
  }
}

/** Fills #area and keeps it in step with summary, clock and language. */
export function mount(app) {
  let id = chosenArea();
  const choice = $("area-choice");

  function fillChoice(summary) {
    const names = summary.areas.map((area) => h("option", { value: area.id }, areaName(area)));
    choice.replaceChildren(...names);
    choice.value = areaOf(summary, id).id;
  }

  function show() {
    if (!app.summary) return;
    const area = areaOf(app.summary, id);
    const words = areaSentence(app.summary, area, nowS());
    if ($("area-words").textContent !== words) $("area-words").textContent = words;
    $("area-details").replaceChildren(...areaDetails(app.summary, area, nowS()).map((line) => h("li", {}, line)));
    $("area").dataset.area = area.id;
  }

  choice.addEventListener("change", () => {
    id = choice.value;
    keep(id);
    show();
    app.say($("area-words").textContent);
    app.emit("area", id);
  });
  app.on("summary", (summary) => {
    fillChoice(summary);
    show();
  });
  app.on("tick", show);
  app.on("language", () => {
    if (app.summary) fillChoice(app.summary);
    show();
  });
  return startSummary(app);
}
