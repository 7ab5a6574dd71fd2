// Colours of the optional layers, light and dark. None of them is near a colour that says a state of a road, whatever the
// eye (tests/web/test_palette.py); each layer has a pattern or a shape of its own as well.

const SNOW_CM = [1, 5, 10, 20, 40]; // lower bounds of the classes above the first, as on the maps for QGIS

const LIGHT = {
  priority: "#1c8c50", bus: "#4c240f", section: "#7f5365", missing: "#8b8f95", label: "#37404a", halo: "#ffffff",
  snow: ["#f1ebf7", "#dccbeb", "#bf9fd9", "#9c6fc0", "#7646a2", "#4d2379"],
  reason: "#2b3138", reasonHalo: "#ffffff",
};

const DARK = {
  priority: "#91b386", bus: "#8c381c", section: "#bf8f9f", missing: "#7c8792", label: "#dbe2ea", halo: "#10161c",
  snow: ["#262230", "#3c2f52", "#573f7d", "#7853aa", "#9d72d0", "#c8a5ee"],
  reason: "#f1f4f7", reasonHalo: "#10161c",
};

export { SNOW_CM };

export function overlayPalette(isDark) {
  return isDark ? DARK : LIGHT;
}
