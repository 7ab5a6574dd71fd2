// The part of the address after #: map=zoom/lat/lon is MapLibre's, road=piece is ours. A link reopens both.

function read() {
  return new URLSearchParams(location.hash.slice(1));
}

export function roadInAddress() {
  const id = Number(read().get("road") ?? NaN);
  return Number.isSafeInteger(id) && id >= 0 ? id : null;
}

export function setRoadInAddress(pieceId) {
  const parts = location.hash.slice(1).split("&").filter((part) => part && !part.startsWith("road="));
  if (pieceId !== null) parts.push(`road=${pieceId}`);
  history.replaceState(history.state, "", `${location.pathname}${location.search}#${parts.join("&")}`);
}
