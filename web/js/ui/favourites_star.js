// The star on the card: keeps the chosen road on this device.

import { lang, t } from "../i18n.js";
import { h } from "./dom.js";
import { isSame } from "./favourites.js";
import { middleOf } from "./place.js";
import { askRoad } from "./search_ask.js";

const ROAD_ZOOM = 16;

/** A button that says whether a place is kept, and keeps it. `placeOfNow()` may take its time. */
export function starButton(app, favourites, placeOfNow) {
  const button = h("button", { class: "star", type: "button", "aria-pressed": "false" });
  button.addEventListener("click", async () => {
    try {
      const place = await placeOfNow();
      const isFull = favourites.isFull && !favourites.has(place);
      const isKept = favourites.toggle(place);
      app.say(isFull ? t("favourites_full") : t(isKept ? "favourite_added" : "favourite_removed", { name: place.name }));
      if (isKept && favourites.isForbidden) app.say(t("favourites_forbidden"));
    } catch (error) {
      console.warn(error.message);
      app.say(t("search_offline"));
    }
  });
  return button;
}

/** Writes what the star says. */
export function drawStar(button, isKept) {
  button.setAttribute("aria-pressed", String(isKept));
  button.textContent = `${isKept ? "★" : "☆"} ${t("favourite")}`;
}

/** Puts the star of the chosen road below its card. */
export function mountStar(app, favourites, places) {
  let pieceId = null;
  const button = starButton(app, favourites, placeOfRoad);
  button.hidden = true;
  document.getElementById("slot-card").append(button);

  async function placeOfRoad() {
    const held = kept() ?? places.place;
    if (held && held.pieceId === pieceId) return held;
    const road = await askRoad(pieceId, lang());
    if (!road) throw new Error(`status/road/${pieceId}: there is no such road any more`);
    const [lon, lat] = middleOf(road.line);
    return { name: road.name ?? road.route ?? t("road_unnamed"), detail: road.municipality ?? "", lon, lat,
      zoom: ROAD_ZOOM, pieceId, networkVersion: road.network_version };
  }

  function kept() {
    return favourites.list().find((place) => place.pieceId === pieceId
      && place.networkVersion === app.config.network_version);
  }

  function draw() {
    button.hidden = pieceId === null;
    const held = places.place;
    const isHeld = held?.pieceId === pieceId && favourites.list().some((place) => isSame(place, held));
    drawStar(button, kept() !== undefined || isHeld);
  }

  app.on("road", (road) => {
    pieceId = road.pieceId;
    draw();
  });
  app.on("place", draw);
  app.on("language", draw);
  favourites.onChange(draw);
  pieceId = app.road?.pieceId ?? null;
  draw();
}
