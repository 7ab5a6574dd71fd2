// What road managers ordered on the chosen road, above its evidence: the sign, the words, from when until when, why.

import { lang, t, timeText } from "../i18n.js";
import { closureIcon, holds, isClosing } from "../map/closures.js";
import { h } from "./dom.js";

const seconds = (text) => Date.parse(text) / 1000;

/** The sign as a canvas of its own. */
export function sign(restriction, colours) {
  const picture = closureIcon(colours, isClosing(restriction));
  const { width, height } = picture;
  const canvas = h("canvas", { class: "closure-icon", width, height, "aria-hidden": "true" });
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas;
}

/** "4月1日 06:00 から 18:00 まで"; without an end: until further notice. */
export function spanText({ starts_at: start, ends_at: end }, nowS) {
  const until = end ? t("until", { time: timeText(seconds(end), nowS) }) : t("until_notice");
  const from = t("from", { time: timeText(seconds(start), nowS) });
  return lang() === "ja" ? `${from}${until}` : `${from} ${until}`;
}

function block(closure, colours, nowS) {
  return h("section", { class: "closure", "data-restriction": closure.restriction },
    h("h3", {}, sign(closure.restriction, colours), h("strong", {}, t(`restriction_${closure.restriction}`))),
    h("p", {}, spanText(closure, nowS)),
    closure.reason ? h("p", {}, `${t("reason")}: ${closure.reason}`) : null,
    h("p", { class: "hint" }, t("ordered_by", { manager: t(`manager_${closure.manager}`) })));
}

/** Fills `root` with the closures that hold some of a piece; hides it where there is none. */
export function showClosures(root, features, pieceId, colours, nowS) {
  const mine = pieceId === null ? [] : features.map(({ properties }) => properties).filter((c) => holds(c, pieceId));
  root.hidden = mine.length === 0;
  root.replaceChildren(...mine.map((closure) => block(closure, colours, nowS)));
}
