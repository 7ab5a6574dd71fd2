// Looks over road tiles on their way to the map and notes which pieces they carry, so that only pieces that are on
// the screen, or were, get a state. The map walks through all states for every tile and layer: with the whole
// prefecture in it that would take seconds.

export const PROTOCOL = "yuki-roads";

/** Serves addresses that start with yuki-roads:// by plain requests, and calls `seen(ids, "z/x/y")` before the map has
 *  them. */
export function watchTiles(seen) {
  maplibregl.addProtocol(PROTOCOL, async ({ url }, aborter) => {
    const response = await fetch(url.slice(PROTOCOL.length + 3), { signal: aborter.signal });
    if (!response.ok) throw new Error(`${new URL(response.url).pathname}: the server answered ${response.status}`);
    const data = await response.arrayBuffer();
    seen(featureIds(new Uint8Array(data)), url.match(/(\d+\/\d+\/\d+)\.mvt/)?.[1]);
    return { data };
  });
}

/** Ids of all features of a vector tile. Field numbers of Mapbox Vector Tile 2.1: layers 3, their features 2, id 1. */
export function featureIds(bytes) {
  const ids = [];
  eachField(bytes, 0, bytes.length, 3, (layer, layerEnd) => {
    eachField(bytes, layer, layerEnd, 2, (feature, featureEnd) => {
      eachField(bytes, feature, featureEnd, 1, (_, __, id) => ids.push(id));
    });
  });
  return ids;
}

// Protobuf: a key says field number and wire type; 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes.
function eachField(bytes, start, end, wanted, visit) {
  const at = { position: start };
  while (at.position < end) {
    const key = varint(bytes, at);
    const type = key & 7;
    let value = 0;
    let next = at.position + { 1: 8, 5: 4 }[type];
    if (type === 0) [value, next] = [varint(bytes, at), at.position];
    else if (type === 2) {
      const length = varint(bytes, at);
      next = at.position + length;
    }
    if (Number.isNaN(next) || next > end) throw new Error(`a vector tile is broken at byte ${at.position}`);
    if (key >> 3 === wanted) visit(at.position, next, value);
    at.position = next;
  }
}

// Up to 2^53: ids are handled as JavaScript numbers everywhere.
function varint(bytes, at) {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[at.position];
    at.position += 1;
    value += (byte & 127) * factor;
    if (byte < 128) return value;
    if (byte === undefined) throw new Error("a vector tile ends too early");
  }
}
