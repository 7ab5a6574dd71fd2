// Places that are kept on this device and nowhere else: favourites in an order of one's own, and, where that was wished
// for, the last places that were looked for. Where storage is forbidden they live as long as the page, which says so.

const KEY = "yukimichi.places";
const MOST = 30;
const RECENT_MOST = 5;
const NAME_MOST = 60;

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** Whether something that was stored is a place; whatever else lies there is left out. */
function isPlace(place) {
  return place && typeof place.name === "string" && isNumber(place.lon) && isNumber(place.lat) && isNumber(place.zoom);
}

/** The same place: the same road, or the same point to about a metre. */
export function isSame(a, b) {
  if (a.pieceId !== undefined && b.pieceId !== undefined && a.pieceId !== null && a.networkVersion === b.networkVersion) {
    if (a.pieceId === b.pieceId && a.name === b.name) return true;
  }
  return Math.abs(a.lon - b.lon) < 1e-5 && Math.abs(a.lat - b.lat) < 1e-5;
}

export class Favourites {
  #places = [];
  #recent = [];
  #keepsRecent = false;
  #listeners = new Set();
  isForbidden = false;

  constructor() {
    try {
      const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}");
      this.#places = (stored.places ?? []).filter(isPlace).slice(0, MOST);
      this.#recent = (stored.recent ?? []).filter(isPlace).slice(0, RECENT_MOST);
      this.#keepsRecent = stored.keepsRecent === true;
      localStorage.setItem(`${KEY}.try`, "1");
      localStorage.removeItem(`${KEY}.try`);
    } catch (error) {
      this.isForbidden = !(error instanceof SyntaxError); // what cannot be read is written anew with the next change
    }
  }

  list() {
    return [...this.#places];
  }

  recent() {
    return this.#recent.filter((place) => !this.has(place));
  }

  get keepsRecent() {
    return this.#keepsRecent;
  }

  set keepsRecent(keeps) {
    this.#keepsRecent = keeps;
    if (!keeps) this.#recent = [];
    this.#changed();
  }

  clearRecent() {
    this.#recent = [];
    this.#changed();
  }

  /** A place was chosen: it is remembered where that was wished for. */
  remember(place) {
    if (!this.#keepsRecent) return;
    this.#recent = [place, ...this.#recent.filter((other) => !isSame(other, place))].slice(0, RECENT_MOST);
    this.#changed();
  }

  has(place) {
    return this.#places.some((other) => isSame(other, place));
  }

  /** Adds a place, or takes it away where it is one already; whether it is one now. False too where there are too many. */
  toggle(place) {
    const isThere = this.has(place);
    if (!isThere && this.#places.length >= MOST) return false;
    this.#places = isThere ? this.#places.filter((other) => !isSame(other, place)) : [...this.#places, place];
    this.#changed();
    return !isThere;
  }

  get isFull() {
    return this.#places.length >= MOST;
  }

  rename(n, name) {
    const text = name.trim().slice(0, NAME_MOST);
    if (text) this.#places[n] = { ...this.#places[n], name: text };
    this.#changed();
  }

  remove(n) {
    this.#places.splice(n, 1);
    this.#changed();
  }

  move(n, by) {
    const to = n + by;
    if (to < 0 || to >= this.#places.length) return;
    const [place] = this.#places.splice(n, 1);
    this.#places.splice(to, 0, place);
    this.#changed();
  }

  onChange(listener) {
    this.#listeners.add(listener);
  }

  #changed() {
    const value = { places: this.#places, recent: this.#recent, keepsRecent: this.#keepsRecent };
    try {
      localStorage.setItem(KEY, JSON.stringify(value));
    } catch {
      this.isForbidden = true;
    }
    for (const listener of this.#listeners) listener();
  }
}
