// Sources and style layers of the optional layers that are on. Lines and areas lie under the states of the roads, so
// that they never hide one; symbols lie above.

import { serviceUrl } from "../config.js";
import { FONTS, localName } from "./basemap_style.js";
import { HATCH } from "./icons.js";
import { OVERLAYS } from "./overlays.js";
import { SNOW_CM } from "./overlay_colours.js";

const MAX_TILE_ZOOM = 14;
const PLACES_ZOOM = 11; // first tiles of what stands at one place
const CLOSE_ZOOM = 13; // kinds of which there are many
const NAMED_ZOOM = 14.5;
const FAR_KINDS = ["hospital", "emergency_hospital", "snow_dump"];
const SNOW_ZOOM = 7; // the server draws none further out

/** Layers that a tap may choose something of, and the collection that each draws. */
export const SYMBOL_LAYERS = Object.freeze({
  cameras: "cameras", facilities: "facilities", "bus-stops": "bus_stops", ploughs: "ploughs",
});

const versioned = (collection, version, minzoom) => ({
  type: "vector", tiles: [`${serviceUrl("tiles")}/${collection}/${version}/{z}/{x}/{y}.mvt`], minzoom,
  maxzoom: MAX_TILE_ZOOM,
});

const moving = (collection, minzoom) => ({
  type: "vector", minzoom, maxzoom: MAX_TILE_ZOOM,
  tiles: [`${serviceUrl("ogc/collections")}/${collection}/tiles/WebMercatorQuad/{z}/{y}/{x}`],
});

const widths = (...stops) => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops];

function lineLayer(id, source, paint, more = {}) {
  const layout = { "line-join": "round", "line-cap": "butt" };
  return { id, type: "line", source, "source-layer": source, layout, paint, ...more };
}

function symbols(id, source, image, { minzoom = PLACES_ZOOM, more = {}, filter, colours, lang }) {
  return {
    id, type: "symbol", source, "source-layer": source, minzoom, ...(filter ? { filter } : {}),
    layout: {
      "icon-image": image, "icon-size": ["interpolate", ["linear"], ["zoom"], 11, 0.72, 15, 1], "icon-padding": 1,
      "text-field": ["step", ["zoom"], "", NAMED_ZOOM, localName(lang)], "text-font": FONTS, "text-size": 11.5,
      "text-anchor": "top", "text-offset": [0, 1.3], "text-optional": true, "text-max-width": 9, ...more,
    },
    paint: { "text-color": colours.label, "text-halo-color": colours.halo, "text-halo-width": 1.6 },
  };
}

// Each gives {source, below, above} of one collection; `on` has the ids that are on.
const MADE = {
  cameras: ({ colours, lang }) => ({
    source: moving("cameras", PLACES_ZOOM),
    above: [symbols("cameras", "cameras", "symbol-camera", { colours, lang, more: { "icon-allow-overlap": true } })],
  }),
  facilities: ({ on, config, colours, lang }) => {
    const kinds = OVERLAYS.filter(({ id, collection }) => collection === "facilities" && on.has(id))
      .flatMap((overlay) => overlay.kinds);
    const near = kinds.filter((kind) => !FAR_KINDS.includes(kind));
    const far = kinds.filter((kind) => FAR_KINDS.includes(kind));
    const among = (some) => ["in", ["get", "kind"], ["literal", some]];
    return {
      source: versioned("facilities", config.places_version, PLACES_ZOOM),
      above: [symbols("facilities", "facilities", ["concat", "symbol-", ["get", "kind"]], {
        colours, lang, filter: ["any", among(far), ["all", among(near), [">=", ["zoom"], CLOSE_ZOOM]]],
        more: { "symbol-sort-key": ["case", among(far), 0, 1] },
      })],
    };
  },
  bus_stops: ({ config, colours, lang }) => ({
    source: versioned("bus_stops", config.places_version, CLOSE_ZOOM),
    above: [symbols("bus-stops", "bus_stops", "symbol-bus_stop", { colours, lang, minzoom: CLOSE_ZOOM })],
  }),
  bus_routes: ({ config, colours }) => ({
    source: versioned("bus_routes", config.places_version, 8),
    below: [lineLayer("bus-routes", "bus_routes", {
      "line-color": colours.bus, "line-dasharray": [0.12, 0.4],
      "line-width": widths(8, 5, 13, 16, 15, 22, 17, 36, 20, 120),
    })],
  }),
  priority_network: ({ config, colours }) => {
    const halo = (id, filter, more) => lineLayer(id, "priority_network", {
      "line-color": colours.priority, "line-width": widths(7, 4.5, 11, 7.5, 13, 12.5, 15, 17, 17, 29, 20, 98), ...more,
    }, { filter });
    const isFirst = ["<=", ["coalesce", ["get", "network_class"], 1], 1];
    return {
      source: versioned("priority_network", config.places_version, 6),
      below: [
        halo("priority-first", isFirst, {}),
        halo("priority-other", ["!", isFirst], { "line-dasharray": [1, 0.5] }),
      ],
    };
  },
  work_sections: ({ colours }) => ({
    source: moving("work_sections", 8),
    below: [
      {
        id: "sections-area", type: "fill", source: "work_sections", "source-layer": "work_sections",
        filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colours.section, "fill-opacity": 0.1 },
      },
      lineLayer("sections", "work_sections", {
        "line-color": colours.section, "line-width": widths(8, 1.2, 13, 2.5, 17, 4), "line-dasharray": [3, 2],
      }),
    ],
  }),
  snow: ({ colours }) => {
    const area = (id, filter, paint) => ({
      id, type: "fill", source: "snow", "source-layer": "snow", filter, paint: { "fill-antialias": false, ...paint },
    });
    const isKnown = ["has", "fell_24h_cm"];
    return {
      source: moving("snow", SNOW_ZOOM),
      below: [
        area("snow", isKnown, {
          "fill-opacity": 0.62,
          "fill-color": ["step", ["get", "fell_24h_cm"], colours.snow[0],
            ...SNOW_CM.flatMap((cm, i) => [cm, colours.snow[i + 1]])],
        }),
        area("snow-missing", ["!", isKnown], { "fill-pattern": HATCH }),
      ],
    };
  },
};

const ORDER = ["snow", "work_sections", "bus_routes", "priority_network", "bus_stops", "facilities", "cameras"];

// Its TileJSON says where the raster lies and how fine it is, so that no tile is asked for that cannot be.
function rasterParts({ id, raster }) {
  return {
    source: { type: "raster", tileSize: 256, url: serviceUrl(`raster/${raster.id}/tilejson.json`) },
    below: [{ id, type: "raster", source: id, paint: { "raster-opacity": 0.75, "raster-fade-duration": 0 } }],
  };
}

/** {sources, below, above} of the overlays that are on. `overlays` are the offered ones, `on` a Set of ids. */
export function overlayParts(overlays, on, { config, colours, lang }) {
  const parts = { sources: {}, below: [], above: [] };
  const put = (name, { source, below = [], above = [] }) => {
    parts.sources[name] = source;
    parts.below.push(...below);
    parts.above.push(...above);
  };
  const wanted = overlays.filter(({ id }) => on.has(id));
  for (const overlay of wanted.filter(({ raster }) => raster)) put(overlay.id, rasterParts(overlay));
  const collections = new Set(wanted.map(({ collection }) => collection));
  // areas lie lowest, symbols of which there are few come last and so are placed first
  for (const name of ORDER) if (collections.has(name)) put(name, MADE[name]({ on, config, colours, lang }));
  return parts;
}
