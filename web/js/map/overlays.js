// The optional layers of the map: which there are, what each needs of the server, and in which order they are listed.
// Pure: no page, no map. An overlay is offered where the server has features for it (layers.json); one that is `always`
// offered tells something by being empty as well.

/** Facilities by the kinds of the server's vocabulary. */
const places = (id, kinds, isOn = false) => ({ id, group: "places", collection: "facilities", kinds, isOn });
const layer = (id, group, collection, more = {}) => ({ id, group, collection, kinds: null, isOn: false, ...more });

export const GROUPS = Object.freeze(["roads", "places", "bus", "weather"]);

/** In the order of the list. `isOn`: shown unless the reader has chosen otherwise. */
export const OVERLAYS = Object.freeze([
  layer("closures", "roads", "closures", { isOn: true, isAlways: true }),
  layer("ploughs", "roads", "ploughs", { isOn: true, isAlways: true }),
  layer("cameras", "roads", "cameras", { isOn: true }),
  layer("priority_network", "roads", "priority_network"),
  layer("work_sections", "roads", "work_sections"),
  places("hospitals", ["hospital", "emergency_hospital"], true),
  places("shelters", ["shelter", "emergency_site"], true),
  places("snow_dumps", ["snow_dump"]),
  places("fire_stations", ["fire_station"]),
  places("police_stations", ["police_station"]),
  places("town_halls", ["town_hall"]),
  places("schools", ["school"]),
  places("care_homes", ["care_home"]),
  places("other_places", ["other"]),
  layer("bus_stops", "bus", "bus_stops"),
  layer("bus_routes", "bus", "bus_routes"),
  layer("snow", "weather", "snow"),
]);

const RASTER = "raster-";

/** An overlay for each raster that the server has published (`/raster`). */
export function rasterOverlays(rasters) {
  return rasters.map((raster) => ({
    id: `${RASTER}${raster.id}`, group: "weather", collection: null, kinds: null, isOn: false, raster,
  }));
}

/** Those of the overlays that have something to show. `told` is layers.json: [{collection, kind, n}]. */
export function offered(told, rasters) {
  const has = ({ collection, kinds, isAlways }) => isAlways || told.some((one) => one.collection === collection
    && one.n > 0 && (kinds === null || kinds.includes(one.kind)));
  return [...OVERLAYS.filter(has), ...rasterOverlays(rasters)];
}

/** Ids that are on: the defaults, changed by what the reader has chosen (id -> boolean). */
export function chosenIds(overlays, choice) {
  return new Set(overlays.filter(({ id, isOn }) => choice[id] ?? isOn).map(({ id }) => id));
}

/** What an address or a device keeps: the ids that differ from the defaults, "snow,-shelters" (a minus: off). An id that
 *  is not offered now is kept as it is. */
export function writeChoice(choice) {
  const known = new Map(OVERLAYS.map(({ id, isOn }) => [id, isOn]));
  return Object.entries(choice).filter(([id, isOn]) => isOn !== (known.get(id) ?? false))
    .map(([id, isOn]) => `${isOn ? "" : "-"}${id}`).sort().join(",");
}

/** The opposite of writeChoice; words that are none are left out. */
export function readChoice(text) {
  const words = (text ?? "").split(",").map((word) => word.trim().match(/^(-?)([A-Za-z0-9_][A-Za-z0-9_-]{0,79})$/));
  return Object.fromEntries(words.filter(Boolean).map(([, minus, id]) => [id, minus === ""]));
}
