// A report as a manager sees it: claim against record. Every text is set as text.

import { lang, timeText } from "../../js/i18n.js";
import { nowS } from "../../js/clock.js";
import { h } from "../../js/ui/dom.js";
import { d } from "./disputes_words.js";

const time = (text) => (text ? timeText(Date.parse(text) / 1000, nowS()) : d("unknown_value"));
const roadName = ({ name, route }) => name || route || d("road_unnamed");

/** The place of a report on the public map, with its card open. */
export function mapAddress({ properties, geometry }) {
  const [lon, lat] = geometry.coordinates[Math.floor(geometry.coordinates.length / 2)];
  const address = new URL("../", location.href.split("#")[0]);
  address.searchParams.set("lang", lang());
  address.hash = `map=16/${lat.toFixed(5)}/${lon.toFixed(5)}&road=${Math.floor(properties.edge_id / 2)}`;
  return address.href;
}

export function rowText({ properties }) {
  return [
    d("row", { number: properties.dispute_id, road: roadName(properties) }),
    d("row_state", { seen: d(`seen_${properties.state_seen}`), shown: d(properties.shown_state) }),
    time(properties.received_at) + (properties.decision ? ` · ${d(properties.decision)}` : ""),
  ];
}

export const titleText = ({ properties }) => d("row", { number: properties.dispute_id, road: roadName(properties) });

function pairs(rows, kind = "") {
  return h("dl", { class: kind }, ...rows.filter(([, value]) => value !== null && value !== "").map(([key, value]) => h(
    "div", { "data-row": key }, h("dt", {}, d(key)), h("dd", {}, String(value)))));
}

/** Elements that tell a report; `photo` is an element that the photo comes into later, or null. */
export function details(feature, photo) {
  const p = feature.properties;
  const snow = p.shown_snow_since_cm === null ? d("unknown_value") : `${p.shown_snow_since_cm} cm`;
  const reason = p.shown_reason === "none" ? "" : d(`reason_${p.shown_reason}`);
  return [
    pairs([["seen", d(`seen_${p.state_seen}`)], ["seen_at", time(p.seen_at)], ["shown", d(p.shown_state)], ["shown_reason", reason],
      ["then", p.then_state ? d(p.then_state) : ""]], "against"),
    pairs([["comment", p.comment ?? ""]]), photo,
    h("p", {}, h("a", { href: mapAddress(feature), target: "_blank", rel: "noopener" }, d("map_link"))),
    pairs([["received", time(p.received_at)], ["direction", d(p.direction)], ["manager", d(`manager_${p.manager}`)],
      ["municipality", p.municipality ?? ""], ["shown_cleared", time(p.shown_cleared_at)], ["observed", time(p.shown_observed_at)],
      ["confidence", `${Math.floor(100 * p.shown_confidence)} %`], ["snow", snow], ["version", p.status_version],
      ["last_decision", p.decision ? `${d(p.decision)}：${p.decision_reason} ${d("by", { who: p.decided_by, time: time(p.decided_at) })}` : ""]]),
  ].filter(Boolean);
}
