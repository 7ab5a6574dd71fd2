// The card of the chosen road. Opens from the states that the page holds, without waiting; what the server tells fills in
// the rest. It follows the clock, the states, the language and the moment of the past that is shown.

import { setInAddress } from "../address.js";
import { nowS } from "../clock.js";
import { addWords, lang, t, timeText } from "../i18n.js";
import { palette } from "../map/palette.js";
import { isThrifty } from "../status/pace.js";
import { factsOf, versionOf } from "../status/snapshot.js";
import words from "../text/card_words.js";
import { fetchCard } from "./card_data.js";
import { DirectionBlock } from "./card_direction.js";
import { roadRows } from "./card_road.js";
import { showClosures } from "./closures.js";
import { h } from "./dom.js";
import { compassText, factsFromTold, isOneSideOnly, seconds, stateText, words as told } from "./evidence.js";
import { Share } from "./share.js";

addWords(words);

const AGAIN_S = 60; // what is told of machines at work is asked for so often; where data is to be saved:
const THRIFTY_AGAIN_S = 300;
const SIDES = ["forward", "backward"];
const $ = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");

class Card {
  #app;
  #closures = [];
  #road = null; // {pieceId, properties, geometry}
  #card = null; // what the server told
  #problem = "";
  #note = "";
  #version = null; // of the road's state when it was asked for
  #askedS = 0;
  #past = null; // {at}: a moment of the past is shown
  #told = ""; // what "card" said last
  #blocks = {};

  constructor(app) {
    this.#app = app;
    this.#closures = app.page?.closures ?? [];
    this.#build();
  }

  #build() {
    this.title = h("h2", { id: "card-title", tabindex: "-1" });
    this.share = new Share((text) => this.#app.say(text), () => this.#name());
    this.expand = h("button", { class: "card-expand", type: "button", "aria-expanded": "false", "aria-controls": "card" });
    this.expand.addEventListener("click", () => this.#toggle());
    this.pastNote = h("p", { class: "card-past", hidden: true });
    this.oneSide = h("p", { class: "one-side", hidden: true });
    this.sides = h("div", { class: "card-sides" });
    this.more = h("div", { class: "card-more" });
    this.road = h("div", { class: "card-road" });
    this.hint = h("p", { class: "hint", role: "status" });
    $("card").setAttribute("aria-labelledby", "card-title");
    const tools = h("div", { class: "card-tools" }, h("span", { "data-slot": "favourite" }), $("slot-card"), this.share.button);
    $("card-body").replaceChildren(h("div", { class: "card-head" }, this.title, this.expand), this.pastNote, this.oneSide,
      this.sides, tools, this.share.panel, this.more, this.hint, this.road, h("div", { "data-slot": "tellus" }));
    $("card-close").addEventListener("click", () => {
      this.#app.emit("road", { pieceId: null });
      document.querySelector(".maplibregl-canvas")?.focus();
    });
    this.#label();
  }

  #label() {
    const isExpanded = $("card").classList.contains("is-expanded");
    this.expand.textContent = t(isExpanded ? "card_shrink" : "card_expand");
    this.expand.setAttribute("aria-expanded", String(isExpanded));
    this.share.relabel();
  }

  #toggle() {
    $("card").classList.toggle("is-expanded");
    this.#label();
    if (this.#card) this.#app.page?.showChosen(this.#geometry()); // it must never lie beneath the card
  }

  /** Follows "road"; a pieceId of null closes the card. */
  choose(road) {
    if (road.pieceId === null) {
      this.#road = null;
      $("card").hidden = true;
      this.#app.emit("card", { pieceId: null });
      this.showOrders();
      return;
    }
    const isOther = this.#road?.pieceId !== road.pieceId;
    this.#road = { properties: {}, geometry: null, ...road };
    if (isOther) this.#forget();
    $("card").hidden = false;
    $("card-body").scrollTop = 0;
    this.render();
    this.#load();
    this.#app.say(t("picked", { name: this.#name(), state: this.#sentence() }));
  }

  #forget() {
    this.#card = null;
    this.#told = "";
    this.#problem = "";
    this.#note = "";
    this.#blocks = {};
    this.sides.replaceChildren();
    this.more.replaceChildren();
    this.share.close();
    $("card").classList.remove("is-expanded");
    this.#label();
  }

  setClosures(features) {
    this.#closures = features;
    this.showOrders();
  }

  setPast(past) {
    setInAddress("at", past?.at ?? null);
    if (past?.at === this.#past?.at) return;
    this.#past = past;
    if (!this.#road) return;
    this.#card = null; // what was told is of another moment
    this.#note = "";
    this.render();
    this.#load();
  }

  /** Time has gone on, or states have come. */
  refresh() {
    if (!this.#road) return;
    this.render();
    if (this.#app.snapshot()?.isPast && this.#past === null) return; // the past is moving: "past" comes when it stands
    const againS = isThrifty() ? THRIFTY_AGAIN_S : AGAIN_S;
    const isOld = this.#past === null && Date.now() / 1000 - this.#askedS > againS && !document.hidden;
    if (isOld || this.#roadVersion() !== this.#version || this.#problem) this.#load();
  }

  relabel() {
    this.#label();
    this.render();
  }

  #roadVersion() {
    const snapshot = this.#app.snapshot();
    return snapshot && this.#past === null ? versionOf(snapshot, this.#road.pieceId) : this.#past?.at ?? null;
  }

  async #load() {
    const [road, past] = [this.#road, this.#past];
    const isStill = () => this.#road === road && this.#past === past;
    this.#version = this.#roadVersion();
    this.#askedS = Date.now() / 1000;
    try {
      const found = await fetchCard(road.pieceId, past?.at ?? null);
      if (!isStill()) return;
      this.#problem = "";
      if (found.heirId !== undefined) {
        this.#app.emit("road", { pieceId: found.heirId });
        this.#note = "card_moved";
        this.render();
        return;
      }
      this.#take(found.card ?? null);
    } catch (error) {
      if (!isStill()) return;
      console.warn(error.message);
      this.#problem = "card_offline";
      this.render();
    }
  }

  #take(card) {
    const isFirst = this.#card === null;
    this.#card = card;
    if (card === null) this.#note = this.#past ? "card_past_unknown" : "card_gone";
    else if (this.#note !== "card_moved") this.#note = "";
    this.render(); // before the line is shown: the card must have its full height by then
    if (card && isFirst) this.#app.page?.showChosen(this.#geometry()); // later the person may have moved on
  }

  #geometry() {
    return { type: "LineString", coordinates: this.#card.line };
  }

  #name() {
    const { name, route } = { ...this.#road?.properties, ...this.#card };
    const isToldOf = this.#card !== null || "class" in (this.#road?.properties ?? {});
    return name || route || t(isToldOf ? "road_unnamed" : "card_this_road");
  }

  /** Directions that traffic may use: [{name, facts, told}]. The states that the page holds count before the answer. */
  #directions() {
    const snapshot = this.#app.snapshot();
    const open = this.#card?.directions.map(({ direction }) => direction);
    const oneway = this.#road.properties.oneway ?? (open?.length === 1 ? (open[0] === "forward" ? 1 : -1) : 0);
    const held = snapshot ? factsOf(snapshot, this.#road.pieceId, oneway) : {};
    return SIDES.map((name) => {
      const one = this.#card?.directions.find(({ direction }) => direction === name) ?? null;
      return { name, facts: held[name] ?? (one && factsFromTold(one)), told: one };
    }).filter(({ facts }) => facts && facts.char !== "-");
  }

  #sentence() {
    return this.#directions().map(({ facts }) => stateText(facts, nowS())).join(" / ");
  }

  render() {
    if (!this.#road) return;
    const directions = this.#directions();
    const line = this.#card?.line ?? firstLine(this.#road.geometry);
    setText(this.title, this.#name());
    show(this.pastNote, this.#past ? t("card_past", { time: timeText(seconds(this.#past.at), NaN) }) : "");
    show(this.oneSide, isOneSideOnly(directions.map(({ facts }) => facts), nowS()) ? t("only_one_side") : "");
    this.#place(directions.map(({ name }) => name));
    for (const { name, facts, told: one } of directions) {
      this.#blocks[name].update({
        facts, told: one, card: this.#card, nowS: nowS(), asOfS: seconds(this.#card?.as_of), colours: palette(dark.matches),
        heading: one ? told(one.heading) : compassText(line, name === "backward"),
      });
    }
    setText(this.hint, this.#hintText());
    this.#showRoad();
    this.showOrders();
    this.#tell(directions);
  }

  #place(names) {
    for (const name of names) this.#blocks[name] ??= new DirectionBlock();
    const blocks = names.map((name) => this.#blocks[name]);
    if (blocks.length === this.sides.childElementCount && blocks.every(({ root }, i) => this.sides.children[i] === root)) return;
    this.sides.replaceChildren(...blocks.map(({ root }) => root));
    this.more.replaceChildren(...blocks.map(({ more }) => more));
  }

  #hintText() {
    const asOf = this.#card ? timeText(seconds(this.#card.as_of), nowS()) : "";
    if (this.#problem) return t(this.#card ? "card_offline_as_of" : "card_offline", { time: asOf });
    if (this.#note) return t(this.#note);
    return this.#card ? t("card_as_of", { time: asOf }) : t("card_loading");
  }

  // Links in it can have the focus, so it is made again only when it says something else.
  #showRoad() {
    const made = JSON.stringify([lang(), this.#card && { ...this.#card, directions: 0, as_of: 0 }, this.#road.properties]);
    if (this.road.dataset.made === made) return;
    this.road.dataset.made = made;
    this.road.replaceChildren(roadRows(this.#card, this.#road.properties));
  }

  showOrders() {
    showClosures($("card-closures"), this.#closures, this.#road?.pieceId ?? null, palette(dark.matches), nowS());
  }

  /** Says "card" to the other parts whenever what they may rest on has changed. */
  #tell(directions) {
    const detail = {
      pieceId: this.#road.pieceId, name: this.#name(), line: this.#card?.line ?? null,
      directions: directions.map(({ name, facts }) => ({ direction: name, state: stateText(facts, nowS()), facts })),
    };
    const key = JSON.stringify([detail.pieceId, detail.name, detail.line, lang(), directions.map(({ facts }) => facts)]);
    if (key === this.#told) return;
    this.#told = key;
    this.#app.emit("card", detail);
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function show(element, text) {
  element.hidden = text === "";
  setText(element, text);
}

function firstLine(geometry) {
  if (!geometry) return null;
  return geometry.type === "MultiLineString" ? geometry.coordinates[0] : geometry.coordinates;
}

export function mount(app) {
  const card = new Card(app);
  app.on("road", (road) => card.choose(road));
  app.on("closures", (features) => card.setClosures(features));
  app.on("past", (past) => card.setPast(past));
  app.on("language", () => card.relabel());
  for (const name of ["snapshot", "tick"]) app.on(name, () => card.refresh());
  app.on("theme", () => card.render());
}
