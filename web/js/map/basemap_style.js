// Basemap of our own layers: land, coast, municipal borders and names. Text needs no glyph files: MapLibre draws it
// with the fonts of the device when the style names no glyphs.

export const FONTS = Object.freeze(["Hiragino Sans", "Yu Gothic UI", "Meiryo", "Noto Sans CJK JP", "Noto Sans JP",
  "sans-serif"]);

export const REFERENCE_LAYERS = Object.freeze(["coast", "municipalities", "rivers", "settlements"]);

const POLYGON = ["==", ["geometry-type"], "Polygon"];
const LINE = ["==", ["geometry-type"], "LineString"];

export function groundLayers(colours) {
  return [
    { id: "sea", type: "background", paint: { "background-color": colours.sea } },
    fill("coast-land", "coast", colours.land),
    fill("land", "municipalities", colours.land),
    {
      id: "coast-line", type: "line", source: "coast", "source-layer": "coast", filter: ["any", LINE, POLYGON],
      paint: { "line-color": colours.coast, "line-width": 1.2 },
    },
    fill("water", "rivers", colours.sea),
    {
      id: "rivers", type: "line", source: "rivers", "source-layer": "rivers", filter: LINE,
      paint: { "line-color": colours.river, "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.5, 14, 3] },
    },
    {
      id: "borders", type: "line", source: "municipalities", "source-layer": "municipalities",
      paint: { "line-color": colours.border, "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.6, 12, 1.4],
        "line-dasharray": [4, 2, 1, 2] },
    },
  ];
}

function fill(id, source, colour) {
  return {
    id, type: "fill", source, "source-layer": source, filter: POLYGON,
    paint: { "fill-color": colour, "fill-antialias": false },
  };
}

const localName = (lang) => (lang === "ja" ? ["get", "name"] : ["coalesce", ["get", "name_en"], ["get", "name"]]);

/** Names of settlements, the large ones first; a larger `size` is a larger place. */
export function nameLayers(colours, lang) {
  const size = ["to-number", ["get", "size"], 1];
  const names = (id, minzoom, filter, sizes) => ({
    id, type: "symbol", source: "settlements", "source-layer": "settlements", minzoom, filter,
    layout: {
      "text-field": localName(lang), "text-font": FONTS, "symbol-sort-key": ["-", size], "text-padding": 6,
      "text-size": ["interpolate", ["linear"], ["zoom"], ...sizes], "text-max-width": 8,
    },
    paint: { "text-color": colours.label, "text-halo-color": colours.labelHalo, "text-halo-width": 1.8 },
  });
  return [
    names("names-small", 11, ["<", size, 2], [11, 11, 15, 14]),
    names("names-middle", 9, ["all", [">=", size, 2], ["<", size, 4]], [9, 11.5, 14, 16]),
    names("names-large", 6, [">=", size, 4], [6, 12, 12, 19]),
  ];
}
