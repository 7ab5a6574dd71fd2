// Where the device is. Its position is asked for when the button is pressed and not before; it stays on the device but for
// one question, which road is near, to the host of this page, told to about 10 m and kept nowhere.

import { lang, t } from "../i18n.js";
import { askNear } from "./search_ask.js";

const OPTIONS = { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 };
const ZOOM = 16;
/** Beyond this the position says nothing of a street. */
const COARSE_M = 200;

/** Finds the device and opens the place; `tell(text)` says what goes on, and in the end what is wrong, or nothing. */
export async function locate(app, tell) {
  if (!navigator.geolocation || !isSecureContext) {
    tell(t("locate_impossible"));
    return;
  }
  tell(t("locate_asking"));
  let position;
  try {
    position = await new Promise((done, fail) => { navigator.geolocation.getCurrentPosition(done, fail, OPTIONS); });
  } catch (error) {
    tell(t({ 1: "locate_refused", 2: "locate_unavailable", 3: "locate_slow" }[error.code] ?? "locate_unavailable"));
    return;
  }
  const { longitude: lon, latitude: lat, accuracy } = position.coords;
  try {
    const found = await askNear(lon, lat, lang());
    if (found.n === 0) {
      tell(t("locate_outside"));
      return;
    }
    const [near] = found.results;
    const isCoarse = accuracy > COARSE_M;
    tell(isCoarse ? t("locate_coarse", { m: Math.round(accuracy) }) : "");
    app.emit("place", { name: t("my_location"), detail: near.label, lon, lat, zoom: isCoarse ? 14 : ZOOM,
      pieceId: isCoarse ? null : near.piece_id, networkVersion: found.network_version, isMine: true });
  } catch (error) {
    console.warn(error.message);
    tell(t("search_offline"));
    app.emit("place", { name: t("my_location"), detail: "", lon, lat, zoom: ZOOM, pieceId: null, isMine: true });
  }
}
