// What a state rests on, in words: from the snapshot at once, completed by the full answer of the server.

import { CODE, shown } from "../status/classify.js";
import { ageText, lang, t, timeText } from "../i18n.js";
import { h } from "./dom.js";

const COMPASS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];

export const seconds = (text) => (text ? Date.parse(text) / 1000 : NaN);
/** A text of the server, which comes in both languages. */
export const words = (both) => both?.[lang()] ?? t("no_value");

/** The facts of a direction out of the server's answer, in the form of the snapshot's. */
export function factsFromTold(told) {
  const char = { cleared: "c", clearing: "g", uncleared: "u" }[told.state] ?? "?";
  return {
    char, reason: told.reason, clearedS: seconds(told.cleared_at), validS: seconds(told.valid_until),
    observedS: seconds(told.observed_at), coveredPercent: Math.floor(100 * told.covered_fraction),
  };
}

/** Heading in words of a line that is travelled from its first to its last position, or back. */
export function compassText(positions, isBackward) {
  if (!positions || positions.length < 2) return "";
  const [from, to] = isBackward ? [positions.at(-1), positions[0]] : [positions[0], positions.at(-1)];
  const east = (to[0] - from[0]) * Math.cos((from[1] * Math.PI) / 180);
  const bearing = (Math.atan2(east, to[1] - from[1]) * 180) / Math.PI;
  const point = COMPASS[Math.round(((bearing + 360) % 360) / 45) % 8];
  return t("toward", { compass: t(`compass_${point}`) });
}

export function stateText(facts, nowS) {
  const { code, state } = shown(facts, nowS);
  if (code === CODE.NONE) return t("none");
  if (state !== "cleared") return t(state);
  return `${t("cleared")} · ${t("ago", { age: ageText(nowS - facts.clearedS) })}`;
}

/** Whether of both directions of a road one alone is cleared. */
export function isOneSideOnly(facts, nowS) {
  return facts.length === 2 && facts.filter((one) => shown(one, nowS).state === "cleared").length === 1;
}

/** A moment with its age. */
export function ageAndTime(atS, nowS) {
  if (Number.isNaN(atS)) return t("no_value");
  return `${timeText(atS, nowS)} (${t("ago", { age: ageText(Math.max(0, nowS - atS)) })})`;
}

/** Rows of the evidence of a direction: [key of its name, text]. `told` is null until the server has answered. */
export function evidenceRows(facts, told, state, nowS) {
  const out = [];
  if (!Number.isNaN(facts.clearedS) && !Number.isNaN(facts.validS)) {
    out.push(["card_valid_until", timeText(facts.validS, nowS)]);
  }
  if (state !== "unknown" || facts.coveredPercent > 0) out.push(["card_covered", `${facts.coveredPercent} %`]);
  if (told) out.push(...toldRows(told, nowS));
  out.push(["observed_at", ageAndTime(facts.observedS, nowS)]);
  if (told) out.push(["card_source", told.is_corrected ? t("by_manager") : words(told.source_words)]);
  return out;
}

function toldRows(told, nowS) {
  const out = [];
  if (told.confidence_words) {
    out.push(["card_basis", words(told.work_basis_words)], ["card_confidence", words(told.confidence_words)]);
  }
  if (told.passes_needed > 1) {
    out.push(["passes", t("passes_text", { n: told.passes_needed, passed: Math.floor(100 * told.passed_fraction) })]);
  }
  for (const key of ["spread_at", "sidewalk_at"]) if (told[key]) out.push([key, ageAndTime(seconds(told[key]), nowS)]);
  return out;
}

/** A list of names and values; a value is a text or an element. */
export function list(pairs) {
  return h("dl", {}, ...pairs.map(([key, value]) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, value))));
}
