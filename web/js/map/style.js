// The whole MapLibre style from config.json, theme and language. No glyphs, no sprite, no other host.

import { FONTS, REFERENCE_LAYERS, groundLayers, nameLayers } from "./basemap_style.js";
import { palette } from "./palette.js";
import { ploughLayer, emptyPoints } from "./ploughs.js";
import { ROADS, roadLabels, roadLayers } from "./roads_style.js";
import { chosenLayer, emptyLines } from "./pick.js";
import { serviceUrl } from "../config.js";

// The server's tiles end here; MapLibre enlarges them beyond.
const MAX_TILE_ZOOM = 14;

function tiles(layer, version, options = {}) {
  return {
    type: "vector", tiles: [`${serviceUrl("tiles")}/${layer}/${version}/{z}/{x}/{y}.mvt`],
    minzoom: 5, maxzoom: MAX_TILE_ZOOM, ...options,
  };
}

export function buildStyle(config, { isDark, lang, sources = {} }) {
  const colours = palette(isDark);
  const reference = config.reference_version ?? config.network_version;
  const base = Object.fromEntries(REFERENCE_LAYERS.map((layer) => [layer, tiles(layer, reference)]));
  return {
    version: 8,
    name: "yukimichi",
    sources: {
      ...base,
      [ROADS]: tiles(ROADS, config.network_version),
      chosen: { type: "geojson", data: sources.chosen ?? emptyLines() },
      ploughs: { type: "geojson", data: sources.ploughs ?? emptyPoints() },
    },
    layers: [
      ...groundLayers(colours),
      chosenLayer(colours),
      ...roadLayers(colours, config.traffic_side),
      roadLabels(colours, FONTS),
      ...nameLayers(colours, lang),
      ploughLayer(),
    ],
  };
}
