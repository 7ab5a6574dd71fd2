// Carries what the feed brings onto the page: states, clock, connection.

import { setFromAnswer, setFromEvent } from "./clock.js";
import { startFeed } from "./status/feed.js";
import { setEvent, setSynthetic } from "./ui/notices.js";

let hasBegun = false;

/** Starts the feed of states; every snapshot is emitted. A second call does nothing. */
export function startStates(app) {
  if (hasBegun) return;
  hasBegun = true;
  startFeed({
    contact: (response) => {
      setFromAnswer(response);
      app.emit("offline", false);
    },
    event: (asOf) => {
      setFromEvent(asOf);
      app.emit("offline", false);
    },
    kept: setFromAnswer,
    snapshot: (snapshot) => {
      setSynthetic(snapshot.isSynthetic || app.config.synthetic);
      setEvent(snapshot.event);
      app.emit("snapshot", snapshot);
    },
    failure: (error) => {
      console.warn(error.message);
      app.emit("offline", true);
    },
  });
}
