// Colours of the optional layers, light and dark. None of them is blue, vermilion or yellow: those say states of roads.

const SNOW_CM = [1, 5, 10, 20, 40]; // lower bounds of the classes above the first, as on the maps for QGIS

const LIGHT = {
  priority: "#00857a", bus: "#7a4a12", section: "#5d4a80", missing: "#8b8f95", label: "#37404a", halo: "#ffffff",
  snow: ["#f1ebf7", "#dccbeb", "#bf9fd9", "#9c6fc0", "#7646a2", "#4d2379"],
  reason: "#2b3138", reasonHalo: "#ffffff",
};

const DARK = {
  priority: "#3fd0bf", bus: "#d9a066", section: "#b9a5e0", missing: "#7c8792", label: "#dbe2ea", halo: "#10161c",
  snow: ["#262230", "#3c2f52", "#573f7d", "#7853aa", "#9d72d0", "#c8a5ee"],
  reason: "#f1f4f7", reasonHalo: "#10161c",
};

export { SNOW_CM };

export function overlayPalette(isDark) {
  return isDark ? DARK : LIGHT;
}
