/** The lines of a transcript: which is heard, and which is next. Pure. */

/** The last line that has begun at this second; -1 before the first. Lines are in order of their beginnings. */
export function lineAt(segments, seconds) {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].startTime <= seconds + 0.05) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The line that a key leads to; null: none. */
export function nextLine(key, at, count) {
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: count - 1 }[key];
  return to === undefined || at < 0 ? null : Math.min(Math.max(to, 0), count - 1);
}
