// The place of an order: taps on the map, or a choice from a list. `onChange` is called after each change.

import { emptyLines } from "../../js/map/pick.js";
import { w } from "./words.js";

const CORNERS_MAX = 100;

export class Place {
  #map;
  #show;
  #marks = [];
  #onChange;

  /** `show(geojson)` draws the outline of an area. */
  constructor(map, show, onChange) {
    this.#map = map;
    this.#show = show;
    this.#onChange = onChange;
    this.way = "between";
    this.plan = "";
    this.taps = [];
    map.on("click", ({ lngLat }) => this.tap([lngLat.lng, lngLat.lat]));
  }

  setWay(way) {
    this.way = way;
    this.clear();
  }

  clear() {
    this.taps = [];
    this.#draw();
  }

  tap([lon, lat]) {
    const at = [Number(lon.toFixed(6)), Number(lat.toFixed(6))];
    if (this.way === "between") this.taps = this.taps.length === 2 ? [at] : [...this.taps, at];
    else if (this.way === "area" && this.taps.length < CORNERS_MAX) this.taps = [...this.taps, at];
    else return;
    this.#draw();
  }

  #draw() {
    for (const mark of this.#marks) mark.remove();
    this.#marks = this.taps.map((at, i) => {
      const element = document.createElement("div");
      element.className = "mark";
      element.textContent = String(i + 1);
      return new maplibregl.Marker({ element }).setLngLat(at).addTo(this.#map);
    });
    const ring = this.way === "area" && this.taps.length > 1 ? [...this.taps, this.taps[0]] : [];
    this.#show(ring.length ? { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: ring } }
      : emptyLines());
    this.#onChange();
  }

  /** What is still to be done, in words. */
  hint(who) {
    if (this.way === "between") return w(`hint_between_${this.taps.length}`);
    if (this.way === "area") return this.taps.length ? w("hint_area", { n: this.taps.length }) : w("hint_area_0");
    if (this.way === "manager" || this.way === "everywhere") return w(`hint_${this.way}`, { who });
    return w("hint_plan");
  }

  /** The fields of an order that say where; null while the place is not whole. */
  fields(managerWord) {
    if (this.way === "between") return this.taps.length === 2 ? { between: this.taps } : null;
    if (this.way === "area") {
      if (this.taps.length < 3) return null;
      return { geometry: { type: "Polygon", coordinates: [[...this.taps, this.taps[0]]] } };
    }
    if (this.way === "manager") return { manager: managerWord };
    if (this.way === "everywhere") return { everywhere: true };
    return this.plan ? { [this.way]: this.plan } : null;
  }
}
