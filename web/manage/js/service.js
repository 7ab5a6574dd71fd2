// What the form asks of the service. The key lives in sessionStorage alone, and is sent to no other address.

import { serviceUrl } from "../../js/config.js";

const STORAGE_KEY = "yukimichi.manage.key";
const TIMEOUT_MS = 15000;

/** What the service refused, in its own words; `status` 0 where nothing came back at all. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const heldKey = () => sessionStorage.getItem(STORAGE_KEY) ?? "";
export const holdKey = (key) => sessionStorage.setItem(STORAGE_KEY, key);
export const dropKey = () => sessionStorage.removeItem(STORAGE_KEY);

async function ask(path, options = {}, read = (response) => response.json()) {
  const headers = { Authorization: `Bearer ${heldKey()}`, ...options.headers };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let response;
  try {
    response = await fetch(serviceUrl(path), { ...options, headers, cache: "no-store", signal });
  } catch (error) {
    throw new Refused(0, error.message);
  }
  if (response.ok) return read(response);
  const problem = await response.json().catch(() => ({}));
  throw new Refused(response.status, [problem.detail ?? String(response.status), problem.hint].filter(Boolean).join(" "));
}

const post = (path, body) => ask(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});

/** {author: {name, of}, orders: […]} */
export const readOrders = () => ask("ingest/orders");
export const sendOrder = (order) => post("ingest/orders", order);
export const sendEnd = (orderId, body) => post(`ingest/orders/${orderId}/end`, body);

const DISPUTES = "ogc/collections/disputes/items?f=json&limit=50&sortby=-received_at,-dispute_id";

/** {features, next}: disputes, the newest first; next is the address of those that follow, or null. */
export async function readDisputes({ isWaiting, next = null }) {
  const filter = isWaiting ? `&filter=${encodeURIComponent("decision IS NULL")}` : "";
  const { features, links } = await ask(next ?? DISPUTES + filter);
  const following = links.find(({ rel }) => rel === "next")?.href;
  return { features, next: following ? `ogc/collections/disputes/items${new URL(following).search}` : null };
}
export const readPhoto = (number) => ask(`disputes/${number}/photo`, {}, (response) => response.blob());
export const sendDecision = (number, body) => post(`disputes/${number}/decision`, body);

/** How an order was laid; null while it is not. Each question is written into the audit log, so it is asked rarely. */
export async function readLaid(orderId) {
  try {
    return (await ask(`ogc/collections/orders/items/${orderId}?f=json`)).properties;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

/** [{id, name, manager}] of plough routes or work sections, which are public. */
export async function readPlans(collection) {
  const query = "f=json&limit=5000&skipGeometry=true&sortby=name&properties=name,manager";
  const { features } = await ask(`ogc/collections/${collection}/items?${query}`);
  return features.map(({ id, properties }) => ({ id: String(id), name: properties.name, manager: properties.manager }));
}

/** A name of an entry that nobody else gives. */
export function newClientId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
