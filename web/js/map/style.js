// The whole MapLibre style from config.json, theme, language and the layers that are on. No glyphs, no sprite, no other
// host.

import { BASEMAP, FONTS, GROUND_LAYERS, groundLayers, nameLayers } from "./basemap_style.js";
import { closureLayers } from "./closures.js";
import { overlayPalette } from "./overlay_colours.js";
import { overlayParts } from "./overlay_style.js";
import { palette } from "./palette.js";
import { ploughLayer, emptyPoints } from "./ploughs.js";
import { reasonLayer } from "./reasons.js";
import { ROADS, roadLabels, roadLayers, routeShields } from "./roads_style.js";
import { PROTOCOL } from "./tile_ids.js";
import { chosenLayer, emptyLines } from "./pick.js";
import { serviceUrl } from "../config.js";

// The server's tiles end here; MapLibre enlarges them beyond.
const MAX_TILE_ZOOM = 14;
const MARGIN_DEG = 0.02; // lines are drawn a little beyond the box of the roads

function tiles(layer, version, protocol = "") {
  const address = `${protocol}${serviceUrl("tiles")}/${layer}/${version}/{z}/{x}/{y}.mvt`;
  return { type: "vector", tiles: [address], minzoom: 5, maxzoom: MAX_TILE_ZOOM };
}

/** No tile is asked for where no road is. */
function around([west, south, east, north]) {
  return [west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG];
}

function sourcesOf(config, data, published, overlays) {
  return {
    ...(published.length > 0 ? { [BASEMAP]: tiles(BASEMAP, config.basemap_version) } : {}),
    [ROADS]: { ...tiles(ROADS, config.roads_version, `${PROTOCOL}://`), bounds: around(config.bbox) },
    ...overlays,
    chosen: { type: "geojson", data: data.chosen ?? emptyLines() },
    closures: { type: "geojson", data: data.closures ?? emptyLines() },
    reasons: { type: "geojson", data: data.reasons ?? emptyPoints() },
    ploughs: { type: "geojson", data: data.ploughs ?? emptyPoints() },
  };
}

/** `data` holds what the GeoJSON sources show at present; `overlays` are the optional layers on offer and `on` the ids
 *  of those that are shown. Reference layers that are not published are left out. */
export function buildStyle(config, { isDark, lang, data, overlays, on }) {
  const colours = palette(isDark);
  const published = GROUND_LAYERS.filter((layer) => config.reference_layers.includes(layer));
  const parts = overlayParts(overlays, on, { config, colours: overlayPalette(isDark), lang });
  const sources = sourcesOf(config, data, published, parts.sources);
  return {
    version: 8,
    name: "yukimichi",
    sources,
    layers: [
      ...groundLayers(colours, published),
      ...parts.below,
      chosenLayer(colours),
      ...roadLayers(colours, config.traffic_side),
      ...(on.has("closures") ? closureLayers(colours) : []),
      ...roadLabels(colours, FONTS),
      ...nameLayers(colours, lang, published),
      ...routeShields(colours, FONTS),
      reasonLayer(overlayPalette(isDark), FONTS),
      ...parts.above,
      ...(on.has("ploughs") ? [ploughLayer()] : []),
    ].filter(({ source }) => source === undefined || source in sources),
  };
}
