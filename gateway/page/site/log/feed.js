/**
 * What happens to the jobs of who is signed in, as it happens. Where it comes from is told in `line.js`, which is loaded
 * after the first paint.
 */

import { repaint } from "../paint.js";
import { noteLost, onFound } from "../server/reach.js";

/** `live`: what is shown is what is. `quietSince`: since when it is not, in ms. */
export const feed = { live: false, quietSince: Date.now() };
const listeners = new Set();

/**
 * Call `listener({type, data, offset})` for each event (its whole envelope is `data`), `progress` and `queue`; for
 * `live`, when all from now on will be heard; and for `anew`, when something may have been missed before.
 * Returns what ends that.
 */
export function onFeed(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Resolves when the feed is live, or after so many ms; to whether it is. */
export function whenLive(patience) {
  if (feed.live) return Promise.resolve(true);
  return new Promise((resolve) => {
    const stop = onFeed(({ type, data }) => type === "live" && data && done());
    const timer = setTimeout(done, patience);
    function done() {
      stop();
      clearTimeout(timer);
      resolve(feed.live);
    }
  });
}

/** For the line: tell all listeners. */
export function tell(message) {
  for (const listener of listeners) listener(message);
}

/** For the line: say whether all is heard. */
export function become(live) {
  if (live === feed.live) return;
  Object.assign(feed, { live, quietSince: live ? null : Date.now() });
  tell({ type: "live", data: live, offset: null });
  repaint();
}

const listen = () => import("./heard.js").then(() => import("./line.js")).catch(noteLost);
listen();
onFound(listen); // it could not be loaded, perhaps
