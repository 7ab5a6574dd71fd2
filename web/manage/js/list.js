// The orders that hold, each with a way to end it in two presses.

import { nowS } from "../../js/clock.js";
import { h } from "../../js/ui/dom.js";
import { sign, spanText } from "../../js/ui/closures.js";
import { clockText, kindText, placeText } from "./form.js";
import { w } from "./words.js";

/** Fills `root`; `end(orderId, reason)` is called when somebody ends one. What is being typed stays. */
export function fillOrders(root, orders, { colours, planName, end }) {
  const open = root.querySelector("li[data-open]");
  if (open?.contains(document.activeElement) && orders.some((o) => String(o.order_id) === open.dataset.order)) return;
  root.replaceChildren(...orders.map((order) => item(order, { colours, planName, end })));
}

function item(order, { colours, planName, end }) {
  const begins = Date.parse(order.begins_at) / 1000;
  const span = spanText({ starts_at: order.begins_at, ends_at: order.ends_at }, nowS());
  const row = h("li", { "data-order": String(order.order_id), "data-kind": order.kind },
    h("h3", {}, order.restriction ? sign(order.restriction, colours) : null, h("strong", {}, kindText(order))),
    h("p", {}, placeText(order, planName)),
    h("p", {}, span),
    begins > nowS() ? h("p", { class: "later" }, w("later")) : null,
    h("p", {}, order.reason),
    h("p", { class: "hint" }, `${order.order_id} · ${w("by", { author: order.author })} ${clockText(order.recorded_at, "", nowS())}`));
  if (order.is_mine) row.append(ending(order, row, end));
  return row;
}

function ending(order, row, end) {
  const start = h("button", { type: "button", class: "end-now" }, w("end_now"));
  const box = h("div", { class: "end" }, start);
  start.addEventListener("click", () => {
    const id = `end-${order.order_id}`;
    const reason = h("input", { id, maxlength: "500" });
    const send = h("button", { type: "button", class: "main" }, w("end_send"));
    send.addEventListener("click", () => {
      if (!reason.value.trim()) {
        reason.focus();
        return;
      }
      send.disabled = true;
      end(order.order_id, reason.value.trim()).finally(() => { send.disabled = false; });
    });
    row.dataset.open = "";
    box.replaceChildren(h("label", { for: id }, w("end_reason")), reason, send);
    reason.focus();
  });
  return box;
}
