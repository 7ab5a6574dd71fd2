// How often the server is asked for what moves: a state that has changed is to be seen within two seconds.

const POLL_MS = 2000;
const THRIFTY_POLL_MS = 30000; // on a line that is said to be slow or paid for by the byte
const LONGEST_WAIT_MS = 30000;
const LISTEN_MS = 3000; // until a stream that broke is opened again, doubled with each failure
const LONGEST_LISTEN_MS = 60000;

/** Whether data is to be saved, or the line is said to be one of the slowest. */
export function isThrifty() {
  const line = navigator.connection;
  return line?.saveData === true || /2g/.test(line?.effectiveType ?? "");
}

/** Milliseconds to the next question, longer after failures in a row. */
export function waitMs(failures = 0) {
  const pollMs = isThrifty() ? THRIFTY_POLL_MS : POLL_MS;
  return Math.min(pollMs * 2 ** Math.max(0, failures - 1), LONGEST_WAIT_MS);
}

/** Milliseconds until a stream is opened again, longer after failures in a row. Up to a quarter more by chance, so that
 *  not all who lost it together come back together. */
export function listenAgainMs(failures) {
  const ms = Math.min(LISTEN_MS * 2 ** Math.max(0, failures - 1), LONGEST_LISTEN_MS);
  return ms * (1 + Math.random() / 4);
}
