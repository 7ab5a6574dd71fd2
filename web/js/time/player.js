// Runs along a span of the past: by hand to a moment, or playing. It holds the times that were loaded and says what is to
// be shown; it knows neither the map nor the page's elements.

import { loadTime } from "./loader.js";
import { STEP_S, sourceAt } from "./timeline.js";
import { Track, snapshotOf } from "./track.js";

/** Seconds of the past that pass in one second of playing. */
export const SPEEDS = Object.freeze([600, 1800, 3600]);
const MOST_TRACKS = 3;
const MOMENT_STEP_S = 3600; // between storms each moment is a question to the server: playing goes on by the hour
const HAND_MS = 200; // while a finger moves along, so long is waited before a moment is asked for
const LONGEST_FRAME_MS = 250; // a page that could not draw for a while does not leap

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const CALM_MS = 1000; // between two steps where motion is unwelcome

export class Player {
  #show;
  #tracks = new Map(); // path -> Promise of a Track
  #wish = 0; // number of the last moment that was asked for
  #span = null;
  #events = [];
  #lastMs = 0;
  #isWaiting = false;
  #run = 0; // a step that still waits when playing begins anew belongs to the play before

  /** `show` has frame(snapshot, atS, isPlaying) for what is to be drawn, state() when it plays, waits or stops, and
   *  failed(error, atS) where a moment cannot be shown. */
  constructor(show) {
    this.#show = show;
    this.atS = null;
    this.speed = 1;
    this.isPlaying = false;
  }

  get isWaiting() { return this.#isWaiting; }

  get span() { return this.#span; }

  /** Another span; what was loaded stays. */
  setSpan(span, events) {
    this.#span = span;
    this.#events = events;
  }

  /** Shows a moment of the span. `isByHand`: more will follow at once. */
  async seek(atS, isByHand = false) {
    const { fromS, toS } = this.#span;
    this.atS = Math.max(fromS, Math.min(toS, atS));
    this.#wish += 1;
    await this.#showMoment(this.#wish, isByHand);
  }

  async #showMoment(wish, isByHand) {
    const atS = this.atS;
    const source = sourceAt(this.#span, this.#events, Math.floor(atS / STEP_S) * STEP_S);
    if (isByHand && !source.isReplay) await new Promise((done) => { setTimeout(done, HAND_MS); });
    if (wish !== this.#wish) return;
    let track = this.#tracks.get(source.path)?.track;
    if (!track) {
      this.#setWaiting(true);
      try {
        track = await this.#load(source.path);
      } catch (error) {
        if (wish === this.#wish) {
          this.pause();
          this.#setWaiting(false);
          this.#show.failed(error, atS);
        }
        return;
      }
    }
    if (wish !== this.#wish) return;
    this.#setWaiting(false);
    track.seek(atS);
    this.#show.frame(snapshotOf(track, atS), atS, this.isPlaying);
  }

  #load(path) {
    let held = this.#tracks.get(path);
    if (!held) {
      held = { track: null };
      held.coming = loadTime(path).then((loaded) => { held.track = new Track(loaded); return held.track; });
      held.coming.catch(() => this.#tracks.delete(path));
    }
    this.#tracks.delete(path);
    this.#tracks.set(path, held); // the one that was used last is forgotten last
    for (const oldest of [...this.#tracks.keys()].slice(0, -MOST_TRACKS)) this.#tracks.delete(oldest);
    return held.coming;
  }

  #setWaiting(isWaiting) {
    if (this.#isWaiting === isWaiting) return;
    this.#isWaiting = isWaiting;
    this.#show.state();
  }

  play() {
    if (this.isPlaying) return;
    if (this.atS === null || this.atS >= this.#span.toS) this.atS = this.#span.fromS;
    this.isPlaying = true;
    this.#lastMs = performance.now();
    this.#show.state();
    this.#run += 1;
    const run = this.#run;
    this.seek(this.atS).then(() => this.#next(run));
  }

  pause() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    this.#show.state();
  }

  /** Pauses and forgets where it is; what was loaded stays for the next time. */
  leave() {
    this.#wish += 1;
    this.isPlaying = false;
    this.#isWaiting = false;
    this.atS = null;
  }

  #next(run) {
    if (!this.isPlaying || run !== this.#run) return;
    if (calm.matches) setTimeout(() => this.#advance(run, CALM_MS), CALM_MS);
    else {
      requestAnimationFrame((ms) => {
        const passedMs = Math.min(LONGEST_FRAME_MS, Math.max(0, ms - this.#lastMs));
        this.#lastMs = ms;
        this.#advance(run, passedMs);
      });
    }
  }

  async #advance(run, passedMs) {
    if (!this.isPlaying || run !== this.#run || this.atS === null) return;
    const { toS } = this.#span;
    const source = sourceAt(this.#span, this.#events, Math.floor(this.atS / STEP_S) * STEP_S);
    const byClock = this.atS + (SPEEDS[this.speed] * passedMs) / 1000;
    const next = source.isReplay ? byClock : (Math.floor(this.atS / MOMENT_STEP_S) + 1) * MOMENT_STEP_S;
    await this.seek(next);
    if (this.atS >= toS) {
      this.pause();
      return;
    }
    if (!source.isReplay) await new Promise((done) => { setTimeout(done, (1000 * MOMENT_STEP_S) / SPEEDS[this.speed]); });
    this.#next(run);
  }
}
