// Opening and closing of legend and card, by hand and by keyboard. Focus goes in with opening and back with closing.

const $ = (id) => document.getElementById(id);
const isWide = () => matchMedia("(min-width: 800px)").matches;

function setLegend(isOpen, withFocus) {
  $("legend").hidden = !isOpen;
  $("legend-button").setAttribute("aria-expanded", String(isOpen));
  if (!withFocus) return;
  (isOpen ? $("legend-close") : $("legend-button")).focus();
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
