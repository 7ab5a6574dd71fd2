// Mounts the card: it follows the chosen road, the states and the clock.

import { nowS } from "../clock.js";
import { palette } from "../map/palette.js";
import { Card } from "./card.js";
import { showClosures } from "./closures.js";

const $ = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");
const colours = () => palette(dark.matches);

export function mount(app) {
  let closures = app.page?.closures ?? [];
  const card = new Card($("card"), $("card-body"), () => ({ snapshot: app.snapshot(), colours: colours() }),
    (geometry) => app.page?.showChosen(geometry));
  const showOrders = () => showClosures($("card-closures"), closures, card.pieceId, colours(), nowS());
  const refresh = () => {
    card.refresh();
    showOrders();
  };
  const rewrite = () => {
    card.render();
    showOrders();
  };

  app.on("road", (road) => {
    if (road.pieceId === null) card.close();
    else app.say(card.open({ properties: {}, geometry: null, ...road }));
    showOrders();
  });
  app.on("closures", (features) => {
    closures = features;
    showOrders();
  });
  app.on("snapshot", refresh);
  app.on("tick", refresh);
  app.on("language", rewrite);
  app.on("theme", rewrite);
  $("card-close").addEventListener("click", () => {
    app.emit("road", { pieceId: null });
    document.querySelector(".maplibregl-canvas")?.focus();
  });
}
