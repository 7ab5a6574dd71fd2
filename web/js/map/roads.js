// Carries the snapshot onto the road tiles as feature state: only pieces that a loaded tile has, and only what has
// changed since the last time. Frames of a replay are carried onto the tiles in sight alone. A whole snapshot is carried
// in chunks, what is in sight first, so that the map goes on moving under the finger while it is painted.

import { UNLISTED, classifyAll, unpack } from "../status/snapshot.js";
import { ROADS } from "./roads_style.js";

const MAX_TILE_ZOOM = 14;
// A frame of 60 Hz has 16.7 ms: a chunk takes less than half of one here, and the map draws what it changed in the rest.
// The map evaluates each changed piece once a layer, which costs more than setting it; so pieces are counted as well.
const CHUNK_MS = 6;
const CHUNK_CHANGES = 1500;
const LOOK_EVERY = 64; // pieces between two looks at the clock

export class RoadPainter {
  #map;
  #seen = new Set(); // pieces of the tiles so far
  #tiles = new Map(); // "z/x/y" -> the pieces of that tile
  #painted = new Map(); // piece id -> packed code
  #positionOf = new Map();
  #codeAt = () => UNLISTED; // position -> packed code
  #sight = null; // {positionOf, ids, positions} of the tiles in sight, null where it has to be looked up again
  #waiting = null; // {ids, at}: pieces that the present snapshot was not yet carried to, null where there are none

  constructor(map) {
    this.#map = map;
    map.on("move", () => { this.#sight = null; });
  }

  /** Whether a snapshot is still being carried onto the tiles. */
  get isPainting() {
    return this.#waiting !== null;
  }

  /** Shows the snapshot as it stands at nowS, a first chunk at once and the rest in the frames to come. Returns how many
   *  pieces have changed so far, at least 1 where more are to come. */
  paint(snapshot, nowS) {
    const codes = classifyAll(snapshot, nowS);
    this.#positionOf = snapshot.positionOf;
    this.#codeAt = (position) => codes[position];
    const isWorking = this.isPainting;
    this.#waiting = { ids: [...this.#inSight().ids, ...this.#seen], at: 0 };
    const changed = this.#paintChunk();
    if (this.isPainting && !isWorking) this.#goOn();
    return changed + Number(this.isPainting);
  }

  #goOn() {
    requestAnimationFrame(() => {
      if (!this.isPainting) return;
      this.#paintChunk();
      if (this.isPainting) this.#goOn();
      else this.#map.triggerRepaint(); // the map says that it is idle once more, now with everything painted
    });
  }

  #paintChunk() {
    const { ids } = this.#waiting;
    const endMs = performance.now() + CHUNK_MS;
    let changed = 0;
    let { at } = this.#waiting;
    while (at < ids.length && changed < CHUNK_CHANGES) {
      changed += this.#put(ids[at], this.#positionOf.get(ids[at]) ?? -1);
      at += 1;
      if (at % LOOK_EVERY === 0 && performance.now() > endMs) break;
    }
    this.#waiting = at < ids.length ? { ids, at } : null;
    return changed;
  }

  /** The same for the tiles in sight alone, for a snapshot that works its codes out one by one (time/track.js): what a
   *  frame of a replay costs then rests on the screen, not on the prefecture. */
  paintInSight(snapshot, nowS) {
    this.#waiting = null; // what waits is of another moment
    this.#positionOf = snapshot.positionOf;
    this.#codeAt = (position) => snapshot.codeOfPiece(position, nowS);
    const { ids, positions } = this.#inSight();
    let changed = 0;
    for (let i = 0; i < ids.length; i += 1) changed += this.#put(ids[i], positions[i]);
    return changed;
  }

  /** Pieces of a tile ("z/x/y") that is about to be drawn. */
  see(ids, tile) {
    for (const id of ids) this.#seen.add(id);
    if (tile) this.#tiles.set(tile, ids);
    this.#sight = null;
    this.#update(ids);
  }

  #update(ids) {
    let changed = 0;
    for (const id of ids) changed += this.#put(id, this.#positionOf.get(id) ?? -1);
    return changed;
  }

  #put(id, position) {
    const told = position < 0 ? UNLISTED : this.#codeAt(position);
    const code = told === UNLISTED ? undefined : told;
    if (this.#painted.get(id) === code) return 0;
    if (code === undefined) this.#forget(id);
    else {
      this.#painted.set(id, code);
      this.#map.setFeatureState(target(id), unpack(code));
    }
    return 1;
  }

  #inSight() {
    if (this.#sight?.positionOf !== this.#positionOf) {
      const isNear = nearness(this.#map);
      const ids = new Set();
      for (const [tile, own] of this.#tiles) if (isNear(tile)) for (const id of own) ids.add(id);
      const positions = Int32Array.from(ids, (id) => this.#positionOf.get(id) ?? -1);
      this.#sight = { positionOf: this.#positionOf, ids: [...ids], positions };
    }
    return this.#sight;
  }

  // A piece that is not listed any more falls back to what the style says of unlisted ones.
  #forget(id) {
    this.#painted.delete(id);
    this.#map.removeFeatureState(target(id));
  }

  /** After the source was replaced: everything is painted anew. */
  reset() {
    this.#seen.clear();
    this.#tiles.clear();
    this.#painted.clear();
    this.#waiting = null;
    this.#sight = null;
    this.#map.removeFeatureState({ source: ROADS, sourceLayer: ROADS });
  }
}

/** A function that says of a tile whether it may be on the screen: it meets the view, and is of the zoom that is drawn or
 *  one beside it, which stands in for it while it is loaded. Web Mercator, the world being 1 wide. */
function nearness(map) {
  const [bounds, zoom] = [map.getBounds(), Math.min(MAX_TILE_ZOOM, Math.floor(map.getZoom()))];
  const [west, east] = [bounds.getWest(), bounds.getEast()].map((lon) => lon / 360 + 0.5);
  const [north, south] = [bounds.getNorth(), bounds.getSouth()].map((lat) => {
    const sine = Math.sin((lat * Math.PI) / 180);
    return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  });
  return (tile) => {
    const [z, x, y] = tile.split("/").map(Number);
    if (Math.abs(z - zoom) > 1) return false;
    const n = 2 ** z;
    return x / n < east && (x + 1) / n > west && y / n < south && (y + 1) / n > north;
  };
}

function target(id) {
  return { source: ROADS, sourceLayer: ROADS, id };
}
