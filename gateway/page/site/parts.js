/** Parts of the page that are loaded when they are needed. */

import { noteLost } from "./server/reach.js";
import { allWords } from "./words.js";

const coming = new Set(); // parts that somebody waits for

/** Use a part when it is there, with its words. Where it cannot be had the page says that the server is away. */
export async function withPart(loading, use) {
  const loaded = Promise.all([loading, allWords()]);
  coming.add(loaded);
  let part;
  try {
    [part] = await loaded;
  } catch {
    return noteLost();
  } finally {
    coming.delete(loaded);
  }
  return use(part);
}

/** Wait until all that somebody asked for has begun. */
export async function allBegun() {
  while (coming.size) await Promise.allSettled(coming);
}
