/** The peaks of a sound, as BBC audiowaveform writes them (version 2, 8 bits, one channel). Pure. */

const HEAD = 24;

/** @returns {{seconds: number, points: Int8Array} | null} low and high by turns; `seconds` for each pair */
export function readPeaks(buffer) {
  if (buffer.byteLength < HEAD) return null;
  const head = new DataView(buffer);
  const [version, flags, rate, samples] = [0, 4, 8, 12].map((at) => head.getInt32(at, true));
  if (version !== 2 || flags !== 1 || rate <= 0 || samples <= 0) return null;
  return { seconds: samples / rate, points: new Int8Array(buffer, HEAD) };
}

/**
 * The peaks of a sound of so many seconds as so many bars: low and high by turns, from -1 to 1. The loudest bar fills
 * the height, unless nearly all is silence.
 */
export function bars({ seconds, points }, duration, count) {
  const pairs = points.length / 2;
  const found = new Float32Array(count * 2);
  const each = duration / count / seconds;
  let loudest = 6;
  for (let bar = 0; bar < count; bar += 1) {
    const first = Math.min(Math.floor(bar * each), pairs - 1);
    const last = Math.max(first + 1, Math.min(Math.ceil((bar + 1) * each), pairs));
    let low = 127;
    let high = -128;
    for (let at = first; at < last; at += 1) {
      low = Math.min(low, points[at * 2]);
      high = Math.max(high, points[at * 2 + 1]);
    }
    found.set([low, high], bar * 2);
    loudest = Math.max(loudest, -low, high);
  }
  return found.map((value) => value / loudest);
}
