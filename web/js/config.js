// What the server says about itself, and where its parts are. Addresses are relative to this file, so that the whole
// service may live under any path of any host, and every page of it finds them.

const RETRY_MS = 5000;
const ROOT = new URL("../", import.meta.url);

export function serviceUrl(path) {
  return new URL(path, ROOT).href;
}

/** Loads config.json, again and again until it is there. `waiting` is called after each failure. */
export async function loadConfig(waiting) {
  for (;;) {
    try {
      return await fetchConfig();
    } catch (error) {
      waiting(error);
      await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
    }
  }
}

export async function fetchConfig() {
  const response = await fetch(serviceUrl("config.json"), { cache: "no-cache", signal: AbortSignal.timeout(15000) });
  if (!response.ok) throw new Error(`config.json: the server answered ${response.status}`);
  return response.json();
}
