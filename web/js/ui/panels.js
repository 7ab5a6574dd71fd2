// Opening and closing of panels (legend, card, sheets), by hand and by keyboard. Focus goes in with opening and back with
// closing. A panel is an element of class "panel" with an id and a button of class "close"; whatever has aria-controls
// with its id says by aria-expanded whether it is open.

const $ = (id) => document.getElementById(id);
const isWide = () => matchMedia("(min-width: 800px)").matches;
const openers = new Map(); // id -> what had the focus before

function show(id, isOpen) {
  $(id).hidden = !isOpen;
  for (const button of document.querySelectorAll(`[aria-controls="${id}"]`)) {
    button.setAttribute("aria-expanded", String(isOpen));
  }
}

/** Opens a panel and takes the focus to its close button. */
export function openPanel(id) {
  if (!$(id).hidden) return;
  openers.set(id, document.activeElement);
  show(id, true);
  $(id).querySelector(".close")?.focus();
}

/** Closes a panel and gives the focus back. */
export function closePanel(id) {
  if ($(id).hidden) return;
  show(id, false);
  const opener = openers.get(id);
  openers.delete(id);
  if (opener?.isConnected && opener !== document.body) opener.focus();
  else document.querySelector(`[aria-controls="${id}"]`)?.focus();
}

/** Pixels of each side of the map that open panels hide. */
export function coveredByPanels() {
  const covered = { top: 0, right: 0, bottom: 0, left: 0 };
  if (!isWide()) return { ...covered, bottom: Math.max($("card").offsetHeight, $("legend").offsetHeight) };
  if (!$("legend").hidden) covered.left = $("legend").offsetWidth + 12;
  if (!$("card").hidden) covered.right = $("card").offsetWidth + 12;
  return covered;
}

/** The legend starts open where there is room for it beside the map. */
export function openLegendWhereThereIsRoom() {
  show("legend", isWide());
}

/** Wires the buttons of the legend, and Escape, which closes the panel that was opened last; the card goes first. */
export function setUpPanels() {
  $("legend-button").addEventListener("click", async () => {
    if (!$("legend").hidden) {
      closePanel("legend");
      return;
    }
    openPanel("legend");
    if ($("legend-body").childElementCount > 0) return;
    const [{ fillLegend }, { palette }] = await Promise.all([import("./legend.js"), import("../map/palette.js")]);
    fillLegend($("legend-body"), palette(matchMedia("(prefers-color-scheme: dark)").matches));
  });
  $("legend-close").addEventListener("click", () => closePanel("legend"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    const open = [...document.querySelectorAll(".panel:not([hidden])")];
    const last = [...openers.keys()].reverse().map($).find((panel) => panel && !panel.hidden);
    (open.find(({ id }) => id === "card") ?? last ?? open.at(-1))?.querySelector(".close")?.click();
  });
}
