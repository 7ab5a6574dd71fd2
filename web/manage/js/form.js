// The form itself: what is asked for which kind, what is missing, and the order that it says.

import { timeText } from "../../js/i18n.js";
import { h } from "../../js/ui/dom.js";
import { w } from "./words.js";

const $ = (id) => document.getElementById(id);
const SPANS_H = [1, 3, 6, 12, 24];
const RESTRICTIONS = ["closed", "one_lane", "chains", "winter_tyres", "winter_closed"];
const STATES = ["uncleared", "cleared", "clearing", "unknown"];
const MANAGERS = ["nation", "prefecture", "municipality", "other"];

/** Ways to name a place that a kind and a key allow. */
export function waysOf(kind, of) {
  const ways = ["between", "area", "route_id", "section_id"];
  if (kind !== "publication_stop") return ways.filter((way) => way !== "area" || kind === "restriction");
  return ["area", "route_id", "section_id", "between", ...(MANAGERS.includes(of) ? ["manager"] : []),
    ...(of === null ? ["everywhere"] : [])];
}

export const kind = () => document.querySelector("input[name=kind]:checked").value;

function fillSelect(select, values, label) {
  const chosen = select.value;
  select.replaceChildren(...values.map((value) => h("option", { value }, label(value))));
  if (values.includes(chosen)) select.value = chosen;
}

/** Fills lists and shows what the kind needs, in the present language. */
export function arrange(of, zone) {
  const now = kind();
  fillSelect($("restriction"), RESTRICTIONS, (word) => w(`restriction_${word}`));
  fillSelect($("state"), STATES, (word) => w(`state_${word}`));
  if ($("way").dataset.kind !== now) $("way").value = ""; // another kind begins with the way that suits it best
  $("way").dataset.kind = now;
  fillSelect($("way"), waysOf(now, of), (way) => w(`way_${way}`));
  for (const element of document.querySelectorAll("[data-for]")) element.hidden = element.dataset.for !== now;
  for (const element of document.querySelectorAll("[data-way]")) {
    element.hidden = !element.dataset.way.split(" ").includes($("way").value);
  }
  const spans = SPANS_H.map((n) => h("button", { type: "button", "data-hours": String(n) }, w("span_hours", { n })));
  $("spans").replaceChildren(...spans, h("button", { type: "button", "data-hours": "" }, w("span_none")));
  for (const button of $("spans").children) {
    button.addEventListener("click", () => {
      $("ends").value = button.dataset.hours ? inZone(Number(button.dataset.hours), zone) : "";
    });
  }
}

/** So many hours from now, or from the begin that is filled in, as a clock of the zone shows it. */
function inZone(hours, zone) {
  const begins = $("begins").value;
  if (begins) {
    const at = new Date(`${begins}:00Z`); // shifted on the same clock, whatever its zone
    return new Date(at.getTime() + hours * 3600e3).toISOString().slice(0, 16);
  }
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  });
  return parts.format(new Date(Date.now() + hours * 3600e3)).replace(" ", "T");
}

/** The order that the form says, or {problem} with what is missing. */
export function read(place, of) {
  const where = place.fields(of);
  const begins = $("begins").value;
  const ends = $("ends").value;
  const reason = $("reason").value.trim();
  if (!where) return { problem: w("needs_place") };
  if (begins && ends && ends <= begins) return { problem: w("needs_order") };
  if (!reason) return { problem: w("needs_reason"), focus: "reason" };
  const order = { kind: kind(), reason, ...where };
  if (begins) order.begins_at = begins;
  if (ends) order.ends_at = ends;
  if (order.kind === "restriction") {
    order.restriction = $("restriction").value;
    order.is_reason_public = $("public").checked;
  }
  if (order.kind === "correction") order.state = $("state").value;
  if (order.between && $("one-way").checked) order.direction = "drawn";
  return { order };
}

export function kindText(order) {
  const word = order.restriction ? w(`restriction_${order.restriction}`) : order.state ? w(`state_${order.state}`) : "";
  return word ? `${w(order.kind)}：${word}` : w(order.kind);
}

/** Where, in words; `order` as sent or as listed. */
export function placeText(order, planName = (way, id) => id) {
  const place = order.place ?? order;
  if (place.between) return w("place_between") + (order.direction === "drawn" ? ` (${w("one_way")})` : "");
  if (place.edges) return w("place_edges", { n: place.edges.length });
  for (const way of ["route_id", "section_id"]) if (place[way]) return w(`place_${way}`, { name: planName(way, place[way]) });
  if (place.route) return w("place_route", { name: place.route, a: place.from_km, b: place.to_km });
  if (place.manager) return w("place_manager", { name: w(`manager_${place.manager}`) });
  return w(place.everywhere ? "place_everywhere" : "place_geometry");
}

/** A time that the form holds, or that the service tells, in words. */
export function clockText(text, zone, nowS) {
  if (/[zZ]|[+-]\d\d:?\d\d$/.test(text)) return timeText(Date.parse(text) / 1000, nowS);
  return text.replace("T", " ");
}

/** The rows of the question whether all is right. */
export function confirmRows(order, planName) {
  const rows = [[w("what"), kindText(order)], [w("where"), placeText(order, planName)],
    [w("begins"), order.begins_at ? clockText(order.begins_at) : w("now")],
    [w("ends"), order.ends_at ? clockText(order.ends_at) : w("until_notice")],
    [w("why"), order.reason + (order.is_reason_public ? ` (${w("public")})` : "")]];
  return rows.map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, value)));
}
