// The whole MapLibre style from config.json, theme and language. No glyphs, no sprite, no other host.

import { FONTS, REFERENCE_LAYERS, groundLayers, nameLayers } from "./basemap_style.js";
import { closureLayers } from "./closures.js";
import { palette } from "./palette.js";
import { ploughLayer, emptyPoints } from "./ploughs.js";
import { ROADS, roadLabels, roadLayers } from "./roads_style.js";
import { PROTOCOL } from "./tile_ids.js";
import { chosenLayer, emptyLines } from "./pick.js";
import { serviceUrl } from "../config.js";

// The server's tiles end here; MapLibre enlarges them beyond.
const MAX_TILE_ZOOM = 14;

function tiles(layer, version, protocol = "") {
  const address = `${protocol}${serviceUrl("tiles")}/${layer}/${version}/{z}/{x}/{y}.mvt`;
  return { type: "vector", tiles: [address], minzoom: 5, maxzoom: MAX_TILE_ZOOM };
}

/** `data` holds what the GeoJSON sources show at present. Reference layers that are not published are left out. */
export function buildStyle(config, { isDark, lang, data }) {
  const colours = palette(isDark);
  const published = REFERENCE_LAYERS.filter((layer) => config.reference_layers.includes(layer));
  const base = Object.fromEntries(published.map((layer) => [layer, tiles(layer, config.reference_version)]));
  const sources = {
    ...base,
    [ROADS]: tiles(ROADS, config.roads_version, `${PROTOCOL}://`),
    chosen: { type: "geojson", data: data.chosen ?? emptyLines() },
    closures: { type: "geojson", data: data.closures ?? emptyLines() },
    ploughs: { type: "geojson", data: data.ploughs ?? emptyPoints() },
  };
  return {
    version: 8,
    name: "yukimichi",
    sources,
    layers: [
      ...groundLayers(colours),
      chosenLayer(colours),
      ...roadLayers(colours, config.traffic_side),
      ...closureLayers(colours),
      ...roadLabels(colours, FONTS),
      ...nameLayers(colours, lang),
      ploughLayer(),
    ].filter(({ source }) => source === undefined || source in sources),
  };
}
