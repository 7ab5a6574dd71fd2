// The parts of the page. Each is a module with `export function mount(app)` (it may return a promise); app.js says what
// an app is. A part builds its own elements and puts them into the slots of index.html: #slot-search, #slot-tools,
// #slot-card, #slot-time, #slot-sheet. Addresses are relative to this file.
//
// LIGHT comes with the first view, over a line of 400 kbit/s: small, few modules, no import of map/map.js or map/page.js.
// The server names every module that main.js and LIGHT lead to in <link rel="modulepreload"> of the page, so that no
// import waits for another one; it finds them by reading the files, so write imports with `from` and a plain string, and
// shell.json lists all files of the page with their hashes. A style sheet of LIGHT is a <link> of index.html, one of
// WITH_MAP is named in MAP_STYLES. The form #search-form in #slot-search leads to the text pages until a part takes over.

export const LIGHT = [
  "./ui/search.js",
  "./first/area.js",
  "./first/overview.js",
  "./first/embed.js",
];

export const WITH_MAP = [
  "./first/print.js",
  "./first/embed_dialog.js",
  "./ui/layers.js",
  "./map/reasons.js",
  "./ui/card.js",
  "./ui/tellus.js",
  "./time/bar.js",
  "./offline.js",
];

export const MAP_STYLES = [
  "vendor/maplibre/maplibre-gl.css",
  "css/map.css",
  "css/card.css",
  "css/tellus.css",
  "css/layers.css",
  "css/time.css",
];
