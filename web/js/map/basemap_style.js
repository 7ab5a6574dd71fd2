// Basemap of our own layers: land, coast, rivers, municipal borders and names. All of it comes in one tile (basemap).
// Text needs no glyph files: MapLibre draws it with the fonts of the device when the style names no glyphs.
//
// Names give way to each other: what stands later in a style is placed first. Municipalities are named far out,
// settlements from SETTLED_ZOOM on, since a town and its largest settlement mostly share their name.

export const FONTS = Object.freeze(["Hiragino Sans", "Yu Gothic UI", "Meiryo", "Noto Sans CJK JP", "Noto Sans JP",
  "Roboto", "Helvetica Neue", "Arial", "sans-serif"]);

export const BASEMAP = "basemap";
/** Reference layers that the basemap's tiles are made of, as the server names them. */
export const GROUND_LAYERS = Object.freeze(["coast", "municipalities", "rivers", "settlements"]);

const SETTLED_ZOOM = 9.5;
const POLYGON = ["==", ["geometry-type"], "Polygon"];
const LINE = ["==", ["geometry-type"], "LineString"];

const onGround = (id, type, layer, more) => ({ id, type, source: BASEMAP, "source-layer": layer, ...more });
const fill = (id, layer, colour) => onGround(id, "fill", layer, {
  filter: POLYGON, paint: { "fill-color": colour, "fill-antialias": false },
});
const line = (id, layer, paint, more = {}) => onGround(id, "line", layer, {
  layout: { "line-join": "round", "line-cap": "round" }, paint, ...more,
});

/** Ground in drawing order. Where nobody delivered areas of land the whole ground is land: a coast that is a line
 *  does not say on which side the sea lies. */
export function groundLayers(colours, published) {
  const hasLand = published.includes("municipalities");
  return [
    { id: "sea", type: "background", paint: { "background-color": hasLand ? colours.sea : colours.land } },
    fill("coast-land", "coast", colours.land),
    fill("land", "municipalities", colours.land),
    // neighbours are simplified one by one: a seam of land closes the cracks between them
    line("land-seams", "municipalities", { "line-color": colours.land, "line-width": 1.6 }),
    line("coast-line", "coast", { "line-color": colours.coast, "line-width": 1.2 }),
    fill("water", "rivers", colours.sea),
    line("rivers", "rivers", {
      "line-color": colours.river, "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.6, 11, 1.6, 15, 5],
    }, { filter: LINE }),
    line("borders", "municipalities", {
      "line-color": colours.border, "line-dasharray": [4, 2, 1, 2],
      "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.6, 12, 1.4],
    }, { layout: { "line-join": "round" } }),
  ];
}

/** The name in the page's language, or the one that there is. */
export const localName = (lang) => (lang === "ja" ? ["coalesce", ["get", "name"], ["get", "name_en"]]
  : ["coalesce", ["get", "name_en"], ["get", "name"]]);

function names(id, layer, colours, { zooms, sizes, more = {}, paint = {}, filter }) {
  return onGround(id, "symbol", layer, {
    ...zooms, ...(filter ? { filter } : {}),
    layout: {
      "text-font": FONTS, "text-padding": 5, "text-max-width": 8,
      "text-size": ["interpolate", ["linear"], ["zoom"], ...sizes], ...more,
    },
    paint: { "text-color": colours.label, "text-halo-color": colours.labelHalo, "text-halo-width": 1.8, ...paint },
  });
}

/** Names in the order in which they give way: rivers, then small settlements, large ones, municipalities. */
export function nameLayers(colours, lang, published) {
  const field = { "text-field": localName(lang) };
  const size = ["coalesce", ["get", "size"], 1];
  const byArea = {
    ...field, "symbol-sort-key": ["-", ["coalesce", ["get", "area_km2"], 0]], "text-letter-spacing": 0.08,
  };
  const bySize = { ...field, "symbol-sort-key": ["-", size] };
  const settled = published.includes("municipalities") ? SETTLED_ZOOM : 6;
  return [
    names("river-names", "rivers", colours, {
      zooms: { minzoom: 11 }, sizes: [11, 11, 15, 13], filter: LINE, paint: { "text-color": colours.riverLabel },
      more: {
        ...field, "symbol-placement": "line", "symbol-spacing": 480, "text-max-angle": 30, "text-letter-spacing": 0.1,
      },
    }),
    names("names-small", "settlements", colours, {
      zooms: { minzoom: 11 }, sizes: [11, 11, 15, 14], more: bySize, filter: ["<", size, 2],
    }),
    names("names-middle", "settlements", colours, {
      zooms: { minzoom: 9.5 }, sizes: [9, 11.5, 14, 16], more: bySize, filter: ["all", [">=", size, 2], ["<", size, 4]],
    }),
    names("names-large", "settlements", colours, {
      zooms: { minzoom: settled }, sizes: [6, 12, 12, 19], more: bySize, filter: [">=", size, 4],
    }),
    names("area-names", "area_names", colours, {
      zooms: { minzoom: 6, maxzoom: SETTLED_ZOOM }, sizes: [6, 10.5, 9, 14], more: byArea,
    }),
  ];
}
