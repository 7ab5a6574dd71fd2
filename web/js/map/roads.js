// Carries the snapshot onto the road tiles as feature state, and only what has changed since the last time.

import { classifyAll, unpack } from "../status/snapshot.js";
import { ROADS } from "./roads_style.js";

export class RoadPainter {
  #map;
  #painted = new Map(); // piece id -> packed code

  constructor(map) {
    this.#map = map;
  }

  /** Shows the snapshot as it stands at nowS. Returns how many pieces changed. */
  paint(snapshot, nowS) {
    const codes = classifyAll(snapshot, nowS);
    const { pieceId } = snapshot;
    let changed = 0;
    for (let i = 0; i < codes.length; i += 1) {
      if (this.#painted.get(pieceId[i]) === codes[i]) continue;
      this.#painted.set(pieceId[i], codes[i]);
      this.#map.setFeatureState(target(pieceId[i]), unpack(codes[i]));
      changed += 1;
    }
    return changed + this.#forget(snapshot.positionOf);
  }

  /** Pieces that the snapshot does not list any more fall back to what the style says of unlisted ones. */
  #forget(positionOf) {
    if (this.#painted.size === positionOf.size) return 0;
    let forgotten = 0;
    for (const id of this.#painted.keys()) {
      if (positionOf.has(id)) continue;
      this.#painted.delete(id);
      this.#map.removeFeatureState(target(id));
      forgotten += 1;
    }
    return forgotten;
  }

  /** After the source was replaced: everything is painted anew. */
  reset() {
    this.#painted.clear();
    this.#map.removeFeatureState({ source: ROADS, sourceLayer: ROADS });
  }
}

function target(id) {
  return { source: ROADS, sourceLayer: ROADS, id };
}
