// How often the server is asked for what moves: a state that has changed is to be seen within two seconds.

const POLL_MS = 2000;
const THRIFTY_POLL_MS = 30000; // on a line that is said to be slow or paid for by the byte
const LONGEST_WAIT_MS = 30000;

/** Milliseconds to the next question, longer after failures in a row. */
export function waitMs(failures = 0) {
  const line = navigator.connection;
  const isThrifty = line?.saveData || /2g/.test(line?.effectiveType ?? "");
  const pollMs = isThrifty ? THRIFTY_POLL_MS : POLL_MS;
  return Math.min(pollMs * 2 ** Math.max(0, failures - 1), LONGEST_WAIT_MS);
}
