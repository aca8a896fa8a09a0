/** How fast an upload is, from where it was during the last seconds. Pure. */

const WINDOW = 8000;
const ENOUGH = 1500;

/** @typedef {{at: number, sent: number}[]} Pace */

/** The pace with one more look. One that went back, as a resumed upload does, begins anew. @returns {Pace} */
export function paced(pace, at, sent) {
  const before = pace.at(-1);
  if (before && before.sent > sent) return [{ at, sent }];
  const recent = pace.filter((each) => at - each.at <= WINDOW);
  return [...recent, { at, sent }];
}

/** Bytes a second; 0 as long as it is too early to tell. */
export function speed(pace) {
  const span = pace.length ? pace.at(-1).at - pace[0].at : 0;
  return span < ENOUGH ? 0 : (1000 * (pace.at(-1).sent - pace[0].sent)) / span;
}
