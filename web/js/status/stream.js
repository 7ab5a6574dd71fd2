// Hears of new states by Server-Sent Events. The browser comes again by itself after a break, with the last id.

/** Opens the stream behind what is held. `handlers`: changes(raw) with each delta, reload() where the snapshot has to be
 *  fetched, live(isLive) whenever the stream opens or breaks. Returns a function that closes it. */
export function openStream(url, handlers) {
  if (typeof EventSource === "undefined") return () => {};
  const source = new EventSource(url);
  source.addEventListener("open", () => handlers.live(true));
  source.addEventListener("error", () => handlers.live(false));
  source.addEventListener("changes", ({ data }) => handlers.changes(JSON.parse(data)));
  source.addEventListener("reload", () => handlers.reload());
  return () => {
    source.close();
    handlers.live(false);
  };
}
