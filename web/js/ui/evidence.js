// The evidence of one direction in words: from the snapshot at once, completed by the full answer of the server.

import { CODE, shown } from "../status/classify.js";
import { ageText, has, t, timeText } from "../i18n.js";
import { h } from "./dom.js";
import { swatch } from "./swatch.js";

const COMPASS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];

const seconds = (text) => (text ? Date.parse(text) / 1000 : NaN);
const word = (prefix, value) => {
  if (value === null || value === undefined) return t("no_value");
  return has(`${prefix}_${value}`) ? t(`${prefix}_${value}`) : String(value);
};

/** The facts of a direction out of a road_status feature, in the form of the snapshot's. */
export function factsFromFeature({ properties }) {
  const char = { cleared: "c", clearing: "g", uncleared: "u" }[properties.state] ?? "?";
  return {
    char, reason: properties.reason, clearedS: seconds(properties.cleared_at), validS: seconds(properties.valid_until),
    observedS: seconds(properties.observed_at), coveredPercent: Math.floor(100 * properties.covered_fraction),
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

/** One direction of the card. `feature` is null until the server has answered. */
export function directionBlock({ facts, feature, heading, nowS, colours }) {
  const { code, state, reason } = shown(facts, nowS);
  const block = h("section", { class: "direction", "data-state": state },
    h("h3", {}, swatch(code, colours), h("span", { class: "heading" }, heading),
      h("strong", {}, stateText(facts, nowS))));
  if (state === "unknown" && reason && reason !== "none") {
    block.append(h("p", { class: "reason" }, `${t("reason")}: ${word("reason", reason)}`));
  }
  if (facts.char === "c" && state === "unknown") {
    block.append(h("p", { class: "hint" }, t("stored_was", { state: t("cleared") })));
  }
  if (state !== "closed") block.append(list(rows(facts, feature, state, nowS)));
  return block;
}

function rows(facts, feature, state, nowS) {
  const time = (s) => (Number.isNaN(s) ? t("no_value")
    : `${timeText(s, nowS)} (${t("ago", { age: ageText(Math.max(0, nowS - s)) })})`);
  const out = [];
  if (!Number.isNaN(facts.clearedS)) {
    out.push(["cleared_at", time(facts.clearedS)]);
    if (!Number.isNaN(facts.validS)) out.push(["valid_until", timeText(facts.validS, nowS)]);
    out.push(["snow_since", snowText(feature)]);
  }
  if (state !== "unknown" || facts.coveredPercent > 0) out.push(["covered", `${facts.coveredPercent} %`]);
  if (feature) out.push(...fullRows(feature.properties), ...moreRows(feature.properties, time));
  out.push(["observed_at", time(facts.observedS)]);
  if (feature) out.push(["source", sourceText(feature.properties)]);
  return out;
}

/** What only some roads have: several passes side by side, other treatments, restrictions. */
function moreRows(properties, time) {
  const out = [];
  if (properties.passes_needed > 1) {
    const passed = Math.floor(100 * properties.passed_fraction);
    out.push(["passes", t("passes_text", { n: properties.passes_needed, passed })]);
  }
  for (const key of ["spread_at", "sidewalk_at"]) if (properties[key]) out.push([key, time(seconds(properties[key]))]);
  if (properties.restriction) out.push(["restriction", word("restriction", properties.restriction)]);
  return out;
}

function sourceText(properties) {
  return properties.is_corrected ? t("by_manager") : properties.source ?? t("no_value");
}

function fullRows(properties) {
  if (properties.treatment === null && properties.work_basis === "unknown") return [];
  return [
    ["treatment", word("treatment", properties.treatment)],
    ["work_basis", word("basis", properties.work_basis)],
    ["confidence", confidenceText(properties.confidence)],
  ];
}

function snowText(feature) {
  const { snow_since_cm: cm, snow_basis: basis } = feature?.properties ?? {};
  if (cm === null || cm === undefined) return t("snow_unknown");
  return t(basis === "partial" ? "snow_partial_cm" : "snow_cm", { cm: Math.round(cm) });
}

/** Confidence is a probability (DESIGN, contract 7): high from 0.9, fair from 0.7. */
export function confidenceText(confidence) {
  if (confidence === null || confidence === undefined) return t("no_value");
  const name = confidence >= 0.9 ? "high" : confidence >= 0.7 ? "fair" : "low";
  return t(`confidence_${name}`, { p: Math.floor(100 * confidence) });
}

function list(pairs) {
  return h("dl", {}, ...pairs.map(([key, value]) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, value))));
}

/** What is true of the road whichever way one drives. */
export function roadRows(properties) {
  const pairs = [["route", properties.route], ["manager", word("manager", properties.manager)],
    ["road_class", word("class", properties.road_class)], ["municipality", properties.municipality]];
  return list(pairs.filter(([, value]) => value));
}
