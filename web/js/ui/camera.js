// The picture of a road camera with its time. It comes from this host, is asked for again once an interval, and one that
// is older than two intervals is said to be late: the picture of another hour is no view of now.

import { serviceUrl } from "../config.js";
import { ageText, has, t, timeText } from "../i18n.js";
import { h } from "./dom.js";

const TIMEOUT_MS = 20000;
const SHORTEST_MS = 30000; // between two questions, whatever the register says
const LATE_INTERVALS = 2;

const seconds = (text) => (text ? Date.parse(text) / 1000 : NaN);

/** The time of a picture: its own, else when it was fetched. {atS, isOwn}; atS is NaN where there is no picture. */
export function pictureTime({ image_at: own, fetched_at: fetched }) {
  const isOwn = Boolean(own);
  return { atS: seconds(isOwn ? own : fetched), isOwn };
}

export function isLate(camera, nowS) {
  return nowS - pictureTime(camera).atS > LATE_INTERVALS * camera.interval_s;
}

async function answerOf(path) {
  const response = await fetch(serviceUrl(path), { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  return response;
}

/** What the register and the last try say of a camera now. */
export async function readCamera(cameraId) {
  const path = `ogc/collections/cameras/items/${encodeURIComponent(cameraId)}?f=json`;
  return (await (await answerOf(path)).json()).properties;
}

/** Words about the picture: its time, whether it is late, why there is none. */
export function cameraNotes(camera, nowS) {
  const { atS, isOwn } = pictureTime(camera);
  if (!camera.image || Number.isNaN(atS)) return [h("p", { class: "hint" }, t("camera_none"))];
  const words = t(isOwn ? "camera_at" : "camera_fetched", { time: timeText(atS, nowS) });
  const notes = [h("p", { class: "camera-time" }, words)];
  if (isLate(camera, nowS)) {
    notes.push(h("p", { class: "camera-late", role: "note" }, t("camera_late", { age: ageText(nowS - atS) })));
  }
  return notes;
}

export function intervalText({ interval_s: s }) {
  return s % 60 === 0 ? t("camera_interval_text", { m: s / 60 }) : t("camera_interval_s_text", { s });
}

export function problemText({ problem }) {
  return problem && problem !== "none" && has(`camera_problem_${problem}`) ? t(`camera_problem_${problem}`) : null;
}

/** Keeps the picture of one camera in `root`, with the words under it; ends with stop(). */
export class CameraView {
  #root;
  #camera;
  #nowS;
  #name;
  #timer = 0;
  #address = ""; // of the picture that is shown
  #note = "camera_loading";
  #isOver = false;

  constructor(root, camera, { name, nowS }) {
    this.#root = root;
    this.#camera = camera;
    this.#name = name;
    this.#nowS = nowS;
    this.render();
    this.#load();
  }

  async #load() {
    try {
      this.#camera = { ...this.#camera, ...await readCamera(this.#camera.camera_id) };
      if (this.#camera.image) await this.#loadPicture(this.#camera.image);
      this.#note = "";
    } catch (error) {
      console.warn(error.message);
      this.#note = "camera_offline";
    }
    if (this.#isOver) return;
    this.render();
    this.#timer = setTimeout(() => this.#load(), Math.max(SHORTEST_MS, 1000 * this.#camera.interval_s));
  }

  async #loadPicture(path) {
    const picture = await (await answerOf(path.replace(/^\//, ""))).blob();
    if (this.#isOver) return;
    URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(picture);
  }

  /** Called by the clock and with a change of language as well. */
  render() {
    const { atS } = pictureTime(this.#camera);
    const time = Number.isNaN(atS) ? "" : timeText(atS, this.#nowS());
    const picture = this.#address && this.#camera.image
      ? [h("img", { src: this.#address, class: "camera-picture", alt: t("camera_alt", { name: this.#name(), time }) })]
      : [];
    const words = this.#note === "camera_loading" ? [] : cameraNotes(this.#camera, this.#nowS());
    const note = this.#note ? [h("p", { class: "hint" }, t(this.#note))] : [];
    this.#root.replaceChildren(...picture, ...words, ...note);
  }

  stop() {
    this.#isOver = true;
    clearTimeout(this.#timer);
    URL.revokeObjectURL(this.#address);
  }
}
