// The worker of the slider: unpacks a storm away from the page, so that the map stays smooth meanwhile.

import { buffersOf, load } from "./decode.js";

addEventListener("message", async ({ data: { id, wish } }) => {
  try {
    const loaded = await load(wish);
    postMessage({ id, loaded }, buffersOf(loaded));
  } catch (error) {
    postMessage({ id, problem: { message: error.message, isKnown: error.isKnown === true } });
  }
});
