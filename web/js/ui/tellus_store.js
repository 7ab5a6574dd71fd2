// Reports that could not be sent, on this device alone (IndexedDB, since photos are among them). Nothing here sends.

const NAME = "yukimichi-disputes";
const STORE = "waiting";

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode) {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "client_id" });
  const database = await done(opening);
  return { database, rows: database.transaction(STORE, mode).objectStore(STORE) };
}

async function within(mode, work) {
  const { database, rows } = await store(mode);
  try {
    return await done(work(rows));
  } finally {
    database.close();
  }
}

/** Keeps a report {client_id, fields, photo (Blob or null), road}; the same client_id replaces the one that is there. */
export const keep = (report) => within("readwrite", (rows) => rows.put(report));

export const forget = (clientId) => within("readwrite", (rows) => rows.delete(clientId));

/** All reports that wait, the oldest first. Empty where this device keeps nothing. */
export async function waiting() {
  try {
    const found = await within("readonly", (rows) => rows.getAll());
    return found.sort((a, b) => Date.parse(a.fields.seen_at) - Date.parse(b.fields.seen_at));
  } catch (error) {
    console.warn(`unsent reports: ${error.message}`);
    return [];
  }
}
