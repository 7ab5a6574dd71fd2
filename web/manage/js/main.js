// Wires the form: key, map, form, confirmation, list. No rules live here.

import { every, nowS, setFromAnswer } from "../../js/clock.js";
import { loadConfig } from "../../js/config.js";
import { lang, setTimeZone, toggleLanguage } from "../../js/i18n.js";
import { startClosures } from "../../js/map/closures.js";
import { RoadMap, colours, onTheme } from "../../js/map/map.js";
import { RoadPainter } from "../../js/map/roads.js";
import { watchTiles } from "../../js/map/tile_ids.js";
import { startFeed } from "../../js/status/feed.js";
import { arrange, confirmRows, kind, read } from "./form.js";
import { fillOrders } from "./list.js";
import { Place } from "./place.js";
import { dropKey, heldKey, holdKey, newClientId, readLaid, readOrders, readPlans, sendEnd, sendOrder } from "./service.js";
import { applyWords, w } from "./words.js";

const $ = (id) => document.getElementById(id);
const LIST_MS = 15000;
const TRIES = 8; // so often it is looked whether an order holds, longer and longer apart
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

class Form {
  constructor(config) {
    this.config = config;
    this.of = null;
    this.orders = [];
    this.plans = { route_id: [], section_id: [] };
    this.pending = null; // {order, client_id}: kept until the service has answered, so that a repeat is one entry
  }

  /** With a key that the service takes: the map, the lists. Throws what the service refuses. */
  async open() {
    const { author, orders } = await readOrders();
    this.of = author.of;
    this.author = author;
    this.orders = orders;
    $("key-form").hidden = true;
    $("work").hidden = false;
    $("leave").hidden = false;
    this.#startMap();
    this.relabel();
    [this.plans.route_id, this.plans.section_id] = await Promise.all(["routes", "work_sections"].map(readPlans));
    this.fillPlans();
    every(LIST_MS, () => this.refresh());
  }

  #startMap() {
    this.roadMap = new RoadMap($("map"), this.config);
    const { map } = this.roadMap;
    const painter = new RoadPainter(map);
    let snapshot = null;
    watchTiles((ids) => painter.see(ids));
    const paint = () => { if (snapshot && map.isStyleLoaded()) painter.paint(snapshot, nowS()); };
    this.place = new Place(map, (data) => this.roadMap.show("chosen", data), () => this.hint());
    this.place.setWay($("way").value || "between");
    map.once("load", () => {
      startClosures((features) => this.roadMap.show("closures", { type: "FeatureCollection", features }), nowS);
      startFeed({
        contact: (response) => setFromAnswer(response),
        snapshot: (newest) => { snapshot = newest; paint(); },
        failure: (error) => console.warn(error.message),
      });
      every(5000, paint);
      document.body.classList.add("is-ready");
    });
  }

  hint() {
    if (this.place) $("map-hint").textContent = this.place.hint(this.author?.of ? w(`manager_${this.of}`) : "");
  }

  fillPlans() {
    const plans = this.plans[$("way").value] ?? [];
    $("plan").replaceChildren(...plans.map(({ id, name }) => new Option(`${name} (${id})`, id)));
    this.place.plan = $("plan").value;
  }

  planName(way, id) {
    return this.plans[way]?.find((plan) => plan.id === id)?.name ?? id;
  }

  /** After a change of kind, of way, of language. */
  arrange() {
    arrange(this.of, this.config.timezone);
    if (this.place && this.place.way !== $("way").value) this.place.setWay($("way").value);
    if (this.place) this.fillPlans();
    this.hint();
  }

  relabel() {
    applyWords({ zone: this.config.timezone });
    $("who").textContent = this.author ? w("you", { name: this.author.name + (this.of ? ` · ${this.of}` : "") }) : "";
    this.arrange();
    this.list();
    if (document.body.classList.contains("is-ready")) this.roadMap.restyle();
  }

  list() {
    $("no-orders").hidden = this.orders.length > 0;
    fillOrders($("orders"), this.orders, {
      colours: colours(), planName: (way, id) => this.planName(way, id),
      end: (orderId, reason) => this.end(orderId, reason),
    });
  }

  async refresh() {
    try {
      this.orders = (await readOrders()).orders;
      this.problem("");
      this.list();
    } catch (error) {
      if (error.status === 401) this.leave();
      else this.problem(w("failed", { why: error.message }));
    }
  }

  problem(text) {
    $("problem").hidden = !text;
    $("problem").textContent = text;
  }

  formProblem(text) {
    $("form-problem").hidden = !text;
    $("form-problem").textContent = text;
  }

  done(text) {
    $("done").hidden = !text;
    $("done").textContent = text;
  }

  check() {
    const { order, problem, focus } = read(this.place, this.of);
    this.formProblem(problem ?? "");
    if (problem) {
      $(focus ?? "form-problem").focus?.();
      return;
    }
    this.pending = { ...order, client_id: newClientId() };
    $("confirm-body").replaceChildren(...confirmRows(order, (way, id) => this.planName(way, id)));
    $("form").hidden = true;
    $("confirm").hidden = false;
    $("confirm-title").focus();
  }

  back() {
    $("form").hidden = false;
    $("confirm").hidden = true;
  }

  async send() {
    if (!this.pending) return;
    let sent = null;
    $("send").disabled = true;
    this.done(w("sending"));
    try {
      const { order_id: id } = await sendOrder(this.pending);
      this.pending = null;
      this.back();
      $("reason").value = "";
      this.place.clear();
      this.done(w("sent", { id }));
      sent = id;
    } catch (error) {
      if (error.status >= 400 && error.status < 500) {
        this.back();
        this.formProblem(w("refused", { why: error.message }));
        this.done("");
      } else this.done(w("failed", { why: error.message }));
    } finally {
      $("send").disabled = false;
    }
    if (sent === null) return;
    await this.refresh();
    await this.tell(sent).catch((error) => this.problem(w("failed", { why: error.message })));
  }

  /** Says how an order was laid as soon as it is. */
  async tell(id) {
    for (let i = 0; i < TRIES; i += 1) {
      await wait(700 * 1.4 ** i);
      const laid = await readLaid(id);
      if (laid) {
        const text = laid.laid_m === null ? w("shown_all", { id }) : w("shown", { id, m: Math.round(laid.laid_m) });
        this.done(laid.misfit ? `${text} ${w("misfit", { text: laid.misfit })}` : text);
        return;
      }
    }
    this.done(w("not_shown", { id }));
  }

  async end(id, reason) {
    try {
      await sendEnd(id, { reason, client_id: newClientId() });
      this.done(w("ended", { id }));
      document.activeElement?.blur();
      await this.refresh();
    } catch (error) {
      this.problem(w(error.status ? "refused" : "failed", { why: error.message }));
    }
  }

  leave() {
    dropKey();
    location.reload();
  }
}

async function enter(form, key) {
  holdKey(key);
  try {
    await form.open();
  } catch (error) {
    if (error.status) dropKey();
    form.problem(w(error.status ? "refused" : "failed", { why: error.message }));
  }
}

async function start() {
  applyWords();
  const config = await loadConfig(() => {});
  setTimeZone(config.timezone ?? "Asia/Tokyo");
  $("synthetic").hidden = !config.synthetic;
  const form = new Form(config);
  $("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const key = $("key").value.trim();
    $("key").value = "";
    form.problem("");
    if (key) enter(form, key);
  });
  $("language").addEventListener("click", toggleLanguage);
  document.addEventListener("yukimichi:language", () => form.relabel());
  onTheme(() => form.relabel());
  for (const input of $("kinds").querySelectorAll("input")) input.addEventListener("change", () => form.arrange());
  $("way").addEventListener("change", () => form.arrange());
  $("plan").addEventListener("change", () => { form.place.plan = $("plan").value; });
  $("again").addEventListener("click", () => form.place.clear());
  $("form").addEventListener("submit", (event) => { event.preventDefault(); form.check(); });
  $("back").addEventListener("click", () => form.back());
  $("send").addEventListener("click", () => form.send());
  $("leave").addEventListener("click", () => form.leave());
  document.body.dataset.lang = lang();
  document.body.dataset.kind = kind();
  if (heldKey()) await enter(form, heldKey());
}

start().catch((error) => {
  $("problem").hidden = false;
  $("problem").textContent = error.message;
  throw error;
});
