/**
 * `<tonearm-wave>` draws a sound: bars as high as its peaks, the played part in the accent, ticks for chapters. Without
 * peaks it is a plain line. It is a picture only: what can be done with it stands above it, see `strip.js`.
 */

import { bars } from "./peaks.js";

const BAR = 3;
const GAP = 1;
const TICK = 8;

class Wave extends HTMLElement {
  #canvas = document.createElement("canvas");
  #sized = new ResizeObserver(() => this.#draw());
  #themed = new MutationObserver(() => this.#draw());
  #system = matchMedia("(prefers-color-scheme: dark)");
  #redraw = () => this.#draw();
  #scene = null;
  #bars = { of: null, count: 0, values: null };
  #frame = 0;

  connectedCallback() {
    this.#canvas.setAttribute("aria-hidden", "true");
    this.append(this.#canvas);
    this.#sized.observe(this);
    this.#themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.#system.addEventListener("change", this.#redraw);
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#frame);
    this.#sized.disconnect();
    this.#themed.disconnect();
    this.#system.removeEventListener("change", this.#redraw);
  }

  /** @param {{peaks, seconds: number, ticks: number[], cut: {from: number, to: number} | null, player,
   *   marks?: {at: number, kept: boolean, current: boolean}[]}} scene */
  set scene(scene) {
    this.#scene = scene;
    this.#draw();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    const { clientWidth: width, clientHeight: height } = this;
    if (!this.#scene || !width) return;
    const { player } = this.#scene;
    this.#paint(this.#context(width, height), width, height, player?.position ?? 0);
    if (!player?.playing) return;
    player.tick();
    this.#frame = requestAnimationFrame(this.#redraw);
  }

  #context(width, height) {
    const ratio = devicePixelRatio || 1;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== across || this.#canvas.height !== down) Object.assign(this.#canvas, { width: across, height: down });
    const context = this.#canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  #paint(context, width, height, position) {
    const { peaks, seconds, ticks, cut, marks } = this.#scene;
    const { color, caretColor, textDecorationColor } = getComputedStyle(this);
    const at = (second) => (second / seconds) * width;
    if (cut) {
      context.fillStyle = caretColor;
      context.globalAlpha = 0.16;
      context.fillRect(at(cut.from), 0, at(cut.to) - at(cut.from), height);
      context.globalAlpha = 1;
    }
    const shape = peaks ? this.#outline(peaks, seconds, width, height) : line(width, height);
    for (const [from, to, colour] of [[0, at(position), caretColor], [at(position), width, color]]) {
      context.save();
      context.beginPath();
      context.rect(from, 0, to - from, height);
      context.clip();
      context.fillStyle = colour;
      context.fill(shape);
      context.restore();
    }
    for (const { at: second, kept, current } of marks ?? []) {
      context.fillStyle = kept || current ? caretColor : textDecorationColor;
      context.globalAlpha = kept || current ? 1 : 0.55;
      const wide = current ? 4 : 2;
      context.fillRect(at(second) - wide / 2, kept || current ? 0 : height * 0.3, wide, kept || current ? height : height * 0.4);
    }
    context.globalAlpha = 1;
    context.fillStyle = textDecorationColor;
    for (const tick of ticks) context.fillRect(Math.round(at(tick)), height - TICK, 2, TICK);
    context.fillStyle = caretColor;
    if (position > 0) context.fillRect(Math.min(at(position), width - 2) - 0.5, 0, 2, height);
  }

  #outline(peaks, seconds, width, height) {
    const count = Math.max(Math.floor((width + GAP) / (BAR + GAP)), 1);
    if (this.#bars.of !== peaks || this.#bars.count !== count)
      this.#bars = { of: peaks, count, values: bars(peaks, seconds, count) };
    const shape = new Path2D();
    const step = (width + GAP) / count;
    const room = height - TICK - 4;
    for (let bar = 0; bar < count; bar += 1) {
      const [low, high] = [this.#bars.values[bar * 2], this.#bars.values[bar * 2 + 1]];
      const top = room / 2 - (Math.max(high, 0) * room) / 2 + 2;
      const long = Math.max(((Math.max(high, 0) - Math.min(low, 0)) * room) / 2, 2);
      shape.roundRect(bar * step, top - (long === 2 ? 1 : 0), step - GAP, long, 1.5);
    }
    return shape;
  }
}

function line(width, height) {
  const shape = new Path2D();
  shape.roundRect(0, (height - TICK) / 2 - 1, width, 2, 1);
  return shape;
}

customElements.define("tonearm-wave", Wave);
