// The part of the address after #: map=zoom/lat/lon is MapLibre's; road=piece, at=moment (RFC 3339) and layers=a,b are
// ours. A link reopens what they say. Whatever else stands there is left alone.

function read() {
  return new URLSearchParams(location.hash.slice(1));
}

/** The value of one of our parts; null: it is not there. */
export function inAddress(name) {
  return read().get(name);
}

/** Writes one of our parts; null takes it away. Adds nothing to the history. */
export function setInAddress(name, value) {
  const parts = location.hash.slice(1).split("&").filter((part) => part && !part.startsWith(`${name}=`));
  if (value !== null) parts.push(`${name}=${encodeURIComponent(value).replaceAll("%3A", ":").replaceAll("%2C", ",")}`);
  history.replaceState(history.state, "", `${location.pathname}${location.search}#${parts.join("&")}`);
}

export function roadInAddress() {
  const id = Number(inAddress("road") ?? NaN);
  return Number.isSafeInteger(id) && id >= 0 ? id : null;
}

export function setRoadInAddress(pieceId) {
  setInAddress("road", pieceId);
}

/** The address of what is shown: view, road, moment and layers, and the language that it is read in. */
export function linkTo(language) {
  const url = new URL(location.href);
  url.searchParams.set("lang", language);
  return url.href;
}
