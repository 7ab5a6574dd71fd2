// What the parts of the page share: configuration, the states held, words, the map once it is there, and events.
//
// Events, each with one detail: "snapshot" (Snapshot), "tick" (epoch seconds), "language" ("ja" | "en"), "theme",
// "summary" (what status/summary said), "road" ({pieceId, properties?, geometry?}; pieceId null: none is chosen any more),
// "place" ({lon, lat, name, zoom, pieceId?}), "closures" (features), "map" (Page), "past" ({at} or null), "offline" (bool).

import { nowS } from "./clock.js";
import { lang, t } from "./i18n.js";
import { say } from "./ui/notices.js";
import { closePanel, openPanel } from "./ui/panels.js";

/** The one object that every part is mounted on. `config` is config.json. */
export function createApp(config) {
  const listeners = new Map();
  let snapshot = null;
  const app = {
    config,
    page: null, // Page of map/page.js once the map is there
    road: null, // what "road" told last, null where none is chosen
    isOffline: false,
    nowS,
    t,
    lang,
    say,
    snapshot: () => snapshot,
    panels: { open: openPanel, close: closePanel },

    /** Calls fn(detail) whenever `name` is emitted; returns a function that ends it. */
    on(name, fn) {
      if (!listeners.has(name)) listeners.set(name, new Set());
      listeners.get(name).add(fn);
      return () => listeners.get(name).delete(fn);
    },

    /** A listener that fails is reported and keeps no other from hearing. */
    emit(name, detail) {
      if (name === "snapshot") snapshot = detail;
      if (name === "road") app.road = detail.pieceId === null ? null : detail;
      if (name === "offline") app.isOffline = detail;
      for (const fn of [...listeners.get(name) ?? []]) {
        try {
          fn(detail);
        } catch (error) {
          reportError(error);
        }
      }
    },
  };
  return app;
}

/** Loads parts at the same time and mounts them in their order. One that fails is reported and leaves the others be. */
export async function mountParts(app, addresses, from) {
  const loaded = await Promise.allSettled(addresses.map((address) => import(new URL(address, from).href)));
  for (const part of loaded) {
    try {
      if (part.status === "rejected") throw part.reason;
      await part.value.mount(app);
    } catch (error) {
      reportError(error);
    }
  }
}
