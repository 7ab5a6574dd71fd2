// What is true of the road whichever way one drives: route, class, plan, manager and whom to ask.

import { has, t } from "../i18n.js";
import { h } from "./dom.js";
import { list, words } from "./evidence.js";

/** Rows from the answer, or before it has come from the properties of the tile. */
export function roadRows(card, properties) {
  return list((card ? toldRows(card) : tileRows(properties)).filter(([, value]) => value));
}

function tileRows({ route, class: roadClass, manager }) {
  const word = (prefix, value) => (value && has(`${prefix}_${value}`) ? t(`${prefix}_${value}`) : value);
  return [["card_route", route], ["card_class", word("class", roadClass)], ["card_manager", word("manager", manager)]];
}

function toldRows(card) {
  return [
    ["card_route", card.route], ["card_class", words(card.road_class_words)], ["card_town", card.municipality],
    card.plan ? [`card_plan_${card.plan.kind}`, planText(card.plan)] : ["card_plan_route", t("card_no_plan")],
    ["card_manager", words(card.manager.words)], ["card_contact", contact(card.manager.contact)],
  ];
}

function planText({ name, route_class: roadClass, target_time: time }) {
  return [name, roadClass, time].filter(Boolean).join(" · ");
}

function contact(told) {
  if (!told) return t("card_no_contact");
  const name = words(told.name);
  const out = h("span", { class: "contact" }, told.link ? link(told.link, name, t("card_site", { name })) : name);
  if (told.phone) out.append(" ", link(`tel:${dialled(told.phone)}`, told.phone, t("card_call", { name, phone: told.phone })));
  return out;
}

/** Digits, + and # alone; a # is escaped, or it would end the address. */
function dialled(phone) {
  return phone.replace(/[^\d+#]/g, "").replaceAll("#", "%23");
}

function link(href, text, label) {
  const isAway = !href.startsWith("tel:");
  return h("a", { href, "aria-label": label, ...(isAway ? { target: "_blank", rel: "noopener noreferrer" } : {}) }, text);
}
