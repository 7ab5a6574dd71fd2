// Carries the snapshot onto the road tiles as feature state: only pieces that a loaded tile has, and only what has
// changed since the last time.

import { classifyAll, unpack } from "../status/snapshot.js";
import { ROADS } from "./roads_style.js";

export class RoadPainter {
  #map;
  #seen = new Set(); // pieces of the tiles so far
  #painted = new Map(); // piece id -> packed code
  #positionOf = new Map();
  #codes = [];

  constructor(map) {
    this.#map = map;
  }

  /** Shows the snapshot as it stands at nowS. Returns how many pieces changed. */
  paint(snapshot, nowS) {
    this.#positionOf = snapshot.positionOf;
    this.#codes = classifyAll(snapshot, nowS);
    return this.#update(this.#seen);
  }

  /** Pieces of a tile that is about to be drawn. */
  see(ids) {
    for (const id of ids) this.#seen.add(id);
    this.#update(ids);
  }

  #update(ids) {
    let changed = 0;
    for (const id of ids) {
      const position = this.#positionOf.get(id);
      const code = position === undefined ? undefined : this.#codes[position];
      if (this.#painted.get(id) === code) continue;
      changed += 1;
      if (code === undefined) this.#forget(id);
      else {
        this.#painted.set(id, code);
        this.#map.setFeatureState(target(id), unpack(code));
      }
    }
    return changed;
  }

  // A piece that is not listed any more falls back to what the style says of unlisted ones.
  #forget(id) {
    this.#painted.delete(id);
    this.#map.removeFeatureState(target(id));
  }

  /** After the source was replaced: everything is painted anew. */
  reset() {
    this.#seen.clear();
    this.#painted.clear();
    this.#map.removeFeatureState({ source: ROADS, sourceLayer: ROADS });
  }
}

function target(id) {
  return { source: ROADS, sourceLayer: ROADS, id };
}
