// Hears of new states by Server-Sent Events. A stream counts as live from its first event on: a proxy that holds events
// back, or answers only when it has gathered some, never becomes live. After a break the browser comes again by itself with
// the last id; after several in a row, or a refusal, it is left to a clock that waits longer each time.

import { listenAgainMs } from "./pace.js";

const MOST_BREAKS = 3;

/** Opens the stream. `handlers`: present(raw) with what is published when it opens, changes(raw) with each delta, reload()
 *  where the snapshot has to be fetched, live(isLive) whenever it becomes live or breaks. Returns {close(), renew()};
 *  renew() is for a stream that is open and says nothing of what there is. */
export function openStream(url, handlers) {
  let source = null;
  let timer = 0;
  let breaks = 0; // since the last event
  let failures = 0;
  let isProven = false; // an event has come by this source

  function heard() {
    breaks = 0;
    failures = 0;
    isProven = true;
    handlers.live(true);
  }

  function open() {
    isProven = false;
    source = new EventSource(url);
    source.addEventListener("open", () => { if (isProven) handlers.live(true); });
    source.addEventListener("error", broken);
    for (const kind of ["present", "changes", "reload"]) {
      source.addEventListener(kind, ({ data }) => {
        heard();
        handlers[kind](JSON.parse(data));
      });
    }
  }

  function broken() {
    handlers.live(false);
    breaks += 1;
    if (source.readyState === EventSource.CLOSED || breaks >= MOST_BREAKS) renew();
  }

  function renew() {
    close();
    breaks = 0;
    failures += 1;
    timer = setTimeout(open, listenAgainMs(failures));
  }

  function close() {
    clearTimeout(timer);
    source.close();
    handlers.live(false);
  }

  open();
  return { close, renew };
}
