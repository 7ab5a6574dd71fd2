// The dialog's elements: what is shown now, choices as large buttons, photo, words. Texts are set by data-t, so that they
// follow the language by themselves.

import { t } from "../i18n.js";
import { h } from "./dom.js";
import { smallPhoto } from "./tellus_photo.js";

const SEEN = ["uncleared", "impassable", "half_cleared", "being_cleared", "cleared", "other"];
const AGO = [0, 10, 30, 60];
const COMMENT_CHARS = "500";

const said = (tag, key, attributes = {}) => h(tag, { ...attributes, "data-t": key }, t(key));

/** A group of radio buttons, each as large as a finger. items: [{value, key?, text?}] */
function choices(name, legend, items, checked) {
  const boxes = items.map(({ value, key, text }) => h("label", { class: "tellus-choice" },
    h("input", { type: "radio", name, value: String(value), checked: String(value) === String(checked) }),
    key ? said("span", key) : h("span", {}, text)));
  return h("fieldset", { class: `tellus-${name}` }, said("legend", legend), h("div", { class: "tellus-choices" }, ...boxes));
}

function photoField(form) {
  const input = h("input", {
    id: "tellus-photo", type: "file", accept: "image/jpeg,image/png,image/webp,image/*", capture: "environment",
    "aria-describedby": "tellus-photo-about tellus-photo-said",
  });
  const note = h("p", { id: "tellus-photo-said", class: "tellus-hint", role: "status" });
  const preview = h("img", { class: "tellus-preview", "data-t-label": "tellus_photo_alt", alt: t("tellus_photo_alt"), hidden: true });
  const drop = said("button", "tellus_photo_drop", { type: "button", class: "tellus-button", hidden: true });
  const show = (photo) => {
    if (preview.src) URL.revokeObjectURL(preview.src);
    form.photo = photo?.blob ?? null;
    preview.hidden = drop.hidden = !photo;
    if (photo) preview.src = URL.createObjectURL(photo.blob);
    else preview.removeAttribute("src");
    const kb = photo ? Math.max(1, Math.round(photo.blob.size / 1000)) : 0;
    note.textContent = !photo ? "" : photo.width === null ? t("tellus_photo_whole", { kb })
      : t("tellus_photo_ready", { kb, width: photo.width, height: photo.height });
  };
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    form.photoPending = smallPhoto(file);
    const photo = await form.photoPending;
    show(photo);
    if (!photo) {
      input.value = "";
      note.textContent = t("tellus_photo_bad");
    }
  });
  drop.addEventListener("click", () => {
    input.value = "";
    show(null);
    input.focus();
  });
  form.clearPhoto = () => show(null);
  return h("div", { class: "tellus-part" }, said("label", "tellus_photo", { for: "tellus-photo" }), input,
    said("p", "tellus_photo_about", { id: "tellus-photo-about", class: "tellus-hint" }), preview, note, drop);
}

/** Fills a form for a road. directions: [{name, heading, state}]; form.photo is the Blob to be sent, or null. */
export function fillForm(form, directions, heading) {
  form.photo = null;
  form.photoPending = null;
  const shown = h("dl", { class: "tellus-shown" }, ...directions.flatMap(({ name, heading: text, state }) => [
    h("dt", { "data-direction": name }, text), h("dd", {}, state)]));
  const sides = directions.map(({ name, heading: text }) => ({ value: name, text }));
  if (sides.length > 1) sides.push({ value: "both", key: "tellus_both" });
  form.replaceChildren(
    h("h3", { class: "tellus-road" }, heading), said("p", "tellus_about", { class: "tellus-hint" }),
    said("h4", "tellus_shown"), shown,
    choices("direction", "tellus_direction", sides, sides.at(-1)?.value),
    choices("state_seen", "tellus_seen", SEEN.map((value) => ({ value, key: `tellus_${value}` })), null),
    choices("minutes_ago", "tellus_when", AGO.map((value) => ({ value, key: `tellus_ago_${value}` })), 0),
    photoField(form),
    h("div", { class: "tellus-part" }, said("label", "tellus_comment", { for: "tellus-comment" }),
      h("textarea", { id: "tellus-comment", name: "comment", rows: "3", maxlength: COMMENT_CHARS, "aria-describedby": "tellus-comment-about" }),
      said("p", "tellus_comment_about", { id: "tellus-comment-about", class: "tellus-hint" })),
    h("p", { class: "tellus-trap", "aria-hidden": "true" }, said("label", "tellus_trap", { for: "tellus-website" }),
      h("input", { id: "tellus-website", name: "website", tabindex: "-1", autocomplete: "off" })),
    said("p", "tellus_privacy", { class: "tellus-hint" }),
    h("p", { id: "tellus-problem", class: "tellus-problem", role: "alert", hidden: true }),
    said("button", "tellus_send", { type: "submit", class: "tellus-button tellus-main" }),
  );
}

/** What was filled in, as the fields of POST /disputes; null: what was seen is not chosen. */
export function readForm(form, pieceId, nowS) {
  const given = new FormData(form);
  if (!given.get("state_seen")) return null;
  const seenMs = 1000 * (nowS - 60 * Number(given.get("minutes_ago") ?? 0));
  const fields = {
    piece_id: String(pieceId), direction: given.get("direction"), state_seen: given.get("state_seen"),
    seen_at: new Date(seenMs).toISOString(),
  };
  const comment = (given.get("comment") ?? "").trim();
  if (comment) fields.comment = comment;
  if (given.get("website")) fields.website = given.get("website");
  return fields;
}
