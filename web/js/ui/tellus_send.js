// Sends a report, once, when somebody presses a button. What came of it is data: {kind: "done" | "refused" | "failed"}.

import { serviceUrl } from "../config.js";
import { t } from "../i18n.js";

const TIMEOUT_MS = 180000; // a photo over a weak line
const LATER = [408, 425, 429, 500, 502, 503, 504];

/** The page of the sender, under the address that this page has, whatever name the server gives itself. */
const pageOf = (link) => serviceUrl(`disputes/${link.split("/").at(-1)}`);

export async function send({ client_id: clientId, fields, photo }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("client_id", clientId);
  if (photo) form.append("photo", photo, "photo.jpg");
  let response;
  try {
    response = await fetch(serviceUrl("disputes"), {
      method: "POST", body: form, headers: { Accept: "application/json" }, cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return { kind: "failed", why: t("tellus_no_line") };
  }
  const said = await response.json().catch(() => ({}));
  if (response.ok && said.number) {
    return { kind: "done", number: said.number, link: pageOf(said.link), isRepeat: said.is_repeat === true };
  }
  if (response.status === 429) {
    const waitS = Number(response.headers.get("Retry-After") ?? 60);
    return { kind: "failed", why: t("tellus_wait", { minutes: Math.max(1, Math.ceil(waitS / 60)) }) };
  }
  if (response.ok || LATER.includes(response.status)) return { kind: "failed", why: t("tellus_busy") };
  return { kind: "refused", why: [said.detail ?? String(response.status), said.hint].filter(Boolean).join(" ") };
}

/** A name of a report that nobody else gives: 128 random bits in hexadecimal. */
export function newClientId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
