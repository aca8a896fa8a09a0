/** Plays the audio of one job. */

import { renewed } from "../server/api.js";
import { repaint } from "../paint.js";

/** Media types as browsers know them, where they differ from the registered ones. */
const KNOWN_AS = { "audio/vnd.wave": "audio/wav" };

export class Player {
  /** The second at which to stop, and whether the audio cannot be played here. */
  #until = Infinity;
  #retried = false;
  broken = false;

  /** @param {{url: string, type: string, seconds: number}} audio */
  constructor({ url, type, seconds }) {
    this.seconds = seconds;
    this.element = Object.assign(document.createElement("audio"), { preload: "metadata" });
    this.playable = this.element.canPlayType(KNOWN_AS[type] ?? type) !== "";
    if (!this.playable) return;
    for (const name of ["play", "pause", "ended", "timeupdate", "seeked", "loadedmetadata"])
      this.element.addEventListener(name, () => { this.#stopInTime(); repaint(); });
    this.element.addEventListener("error", () => this.#failed());
    this.element.src = url;
  }

  get position() {
    return Math.min(this.element.currentTime, this.seconds);
  }

  get playing() {
    return !this.element.paused && !this.element.ended;
  }

  toggle = () => {
    if (this.playing) this.element.pause();
    else this.play();
  };

  /** Play on, or from one second to another. */
  play(from = this.element.ended ? 0 : this.position, until = Infinity) {
    this.#until = until;
    this.element.currentTime = from;
    this.element.play().catch(() => {}); // `error` tells why
  }

  /** Go to a second. */
  seek(seconds) {
    this.#until = Infinity;
    this.element.currentTime = Math.min(Math.max(seconds, 0), this.seconds);
    repaint();
  }

  /** Look whether the end of what is to be heard is reached: more often than the browser tells the time. */
  tick() {
    this.#stopInTime();
  }

  close() {
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
  }

  #stopInTime() {
    if (this.element.currentTime < this.#until) return;
    this.element.pause();
    this.element.currentTime = this.#until;
    this.#until = Infinity;
  }

  /** A session may have expired while somebody listened: then it is renewed, once. */
  async #failed() {
    const { currentTime, src } = this.element;
    if (!src || this.#retried) {
      this.broken = Boolean(src);
      return repaint();
    }
    this.#retried = true;
    const playing = this.playing;
    if (!(await renewed().catch(() => false))) {
      this.broken = true;
      return repaint();
    }
    this.element.src = src;
    this.element.currentTime = currentTime;
    if (playing) this.element.play().catch(() => {});
  }
}
