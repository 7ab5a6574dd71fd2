// Which optional layers the reader has chosen: from the address (layers=…, behind the #), else from the device. Both are
// written with each change, so that a link shows what its sender sees and the next visit what the last one showed.

import { readChoice, writeChoice } from "./overlays.js";

const STORAGE_KEY = "yukimichi.layers";
const NAME = "layers";

function inAddress() {
  return new URLSearchParams(location.hash.slice(1)).get(NAME);
}

function onDevice() {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null; // storage may be forbidden, then the choice lives as long as the page
  }
}

/** {id: boolean} of what differs from the defaults. */
export function readLayerChoice() {
  return readChoice(inAddress() ?? onDevice());
}

export function writeLayerChoice(choice) {
  const text = writeChoice(choice);
  try {
    localStorage.setItem(STORAGE_KEY, text);
  } catch {
    // see onDevice()
  }
  const parts = location.hash.slice(1).split("&").filter((part) => part && !part.startsWith(`${NAME}=`));
  if (text) parts.push(`${NAME}=${text}`);
  history.replaceState(history.state, "", `${location.pathname}${location.search}#${parts.join("&")}`);
}
