// Opening and closing of legend and card, by hand and by keyboard. Focus goes in with opening and back with closing.

const $ = (id) => document.getElementById(id);
const isWide = () => matchMedia("(min-width: 800px)").matches;

function setLegend(isOpen, withFocus) {
  $("legend").hidden = !isOpen;
  $("legend-button").setAttribute("aria-expanded", String(isOpen));
  if (!withFocus) return;
  (isOpen ? $("legend-close") : $("legend-button")).focus();
}

/** Pixels of each side of the map that open panels hide. */
export function coveredByPanels() {
  const covered = { top: 0, right: 0, bottom: 0, left: 0 };
  if (!isWide()) return { ...covered, bottom: Math.max($("card").offsetHeight, $("legend").offsetHeight) };
  if (!$("legend").hidden) covered.left = $("legend").offsetWidth + 12;
  if (!$("card").hidden) covered.right = $("card").offsetWidth + 12;
  return covered;
}

/** Wires the buttons. The legend starts open where there is room for it beside the map. */
export function setUpPanels({ closeCard }) {
  setLegend(isWide(), false);
  $("legend-button").addEventListener("click", () => setLegend($("legend").hidden, true));
  $("legend-close").addEventListener("click", () => setLegend(false, true));
  const leaveCard = () => {
    closeCard();
    document.querySelector(".maplibregl-canvas")?.focus();
  };
  $("card-close").addEventListener("click", leaveCard);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!$("card").hidden) leaveCard();
    else if (!$("legend").hidden) setLegend(false, true);
  });
}
