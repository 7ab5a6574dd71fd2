// The card of the chosen road: both directions with their evidence. Opens from the snapshot without waiting, then
// asks the server for the rest; without a connection it says so.

import { serviceUrl } from "../config.js";
import { nowS } from "../clock.js";
import { t } from "../i18n.js";
import { factsOf, versionOf } from "../status/snapshot.js";
import { h } from "./dom.js";
import { compassText, directionBlock, factsFromFeature, isOneSideOnly, roadRows, stateText } from "./evidence.js";

const EVIDENCE_URL = "ogc/collections/road_status/items";
const TIMEOUT_MS = 12000;

async function fetchFeature(edgeId) {
  const url = `${serviceUrl(EVIDENCE_URL)}/${edgeId}?f=json`;
  const response = await fetch(url, { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (response.status === 404) return null; // traffic may not use this direction
  if (!response.ok) throw new Error(`road_status/${edgeId}: the server answered ${response.status}`);
  return response.json();
}

export class Card {
  #root;
  #body;
  #road = null; // {pieceId, properties, geometry}
  #features = {}; // direction -> feature, null where closed, undefined while unknown
  #problem = "";
  #version = -1;
  #context; // () => ({snapshot, colours})
  #onGeometry;

  /** `context()` gives the present {snapshot, colours}; `onGeometry(geometry)` is called once with the full line. */
  constructor(root, body, context, onGeometry) {
    this.#root = root;
    this.#body = body;
    this.#context = context;
    this.#onGeometry = onGeometry;
  }

  get pieceId() {
    return this.#road?.pieceId ?? null;
  }

  /** Opens the card of a road and returns the sentence that a screen reader should say. */
  open(road) {
    this.#road = road;
    this.#features = {};
    this.#problem = "";
    this.#root.hidden = false;
    this.#body.scrollTop = 0;
    this.render();
    this.#load();
    return t("picked", { name: this.#name(), state: this.#sentence() });
  }

  close() {
    this.#road = null;
    this.#root.hidden = true;
  }

  /** Called when time has gone on or a snapshot has come: words follow the clock, evidence follows the road. */
  refresh() {
    if (!this.#road) return;
    this.render();
    if (this.#roadVersion() !== this.#version || this.#problem) this.#load();
  }

  #roadVersion() {
    const { snapshot } = this.#context();
    return snapshot ? versionOf(snapshot, this.#road.pieceId) : -1;
  }

  async #load() {
    const road = this.#road;
    this.#version = this.#roadVersion();
    try {
      const [forward, backward] = await Promise.all(
        [0, 1].map((reversed) => fetchFeature(2 * road.pieceId + reversed)));
      if (this.#road !== road) return;
      const isFirst = this.#isLoading();
      this.#features = { forward, backward };
      this.#problem = "";
      this.render(); // before the line is shown: the card must have its full height by then
      const geometry = (forward ?? backward)?.geometry;
      if (geometry && isFirst) this.#onGeometry(geometry); // later the user may have moved on
    } catch (error) {
      if (this.#road !== road) return;
      console.warn(error.message);
      this.#problem = t("evidence_offline");
      this.render();
    }
  }

  #name() {
    const { name, route } = { ...this.#road.properties, ...this.#anyProperties() };
    return name || route || t("road_unnamed");
  }

  #anyProperties() {
    return (this.#features.forward ?? this.#features.backward)?.properties ?? {};
  }

  #directions() {
    const { snapshot } = this.#context();
    const oneway = this.#road.properties.oneway ?? 0;
    const listed = snapshot ? factsOf(snapshot, this.#road.pieceId, oneway) : {};
    return ["forward", "backward"].map((name) => {
      const feature = this.#features[name] ?? null;
      const facts = listed[name] ?? (feature && factsFromFeature(feature));
      return { name, facts, feature };
    }).filter(({ facts }) => facts && facts.char !== "-");
  }

  #sentence() {
    return this.#directions().map(({ facts }) => stateText(facts, nowS())).join(" / ");
  }

  render() {
    if (!this.#road) return;
    const properties = { ...this.#road.properties, ...this.#anyProperties() };
    properties.road_class ??= properties.class;
    const line = this.#anyFeature()?.geometry.coordinates ?? firstLine(this.#road.geometry);
    const directions = this.#directions();
    const blocks = directions.map(({ name, facts, feature }) => directionBlock({
      facts, feature, nowS: nowS(), colours: this.#context().colours,
      heading: compassText(line, name === "backward"),
    }));
    if (isOneSideOnly(directions.map(({ facts }) => facts), nowS())) {
      blocks.unshift(h("p", { class: "one-side" }, t("only_one_side")));
    }
    const note = this.#problem || (this.#isLoading() ? t("evidence_loading") : "");
    this.#body.replaceChildren(
      h("h2", { id: "card-title", tabindex: "-1" }, this.#name()), roadRows(properties), ...blocks,
      ...(note ? [h("p", { class: "hint" }, note)] : []));
  }

  #anyFeature() {
    return this.#features.forward ?? this.#features.backward;
  }

  #isLoading() {
    return this.#features.forward === undefined;
  }
}

function firstLine(geometry) {
  if (!geometry) return null;
  return geometry.type === "MultiLineString" ? geometry.coordinates[0] : geometry.coordinates;
}
