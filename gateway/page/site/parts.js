/** Parts of the page that are loaded when they are needed. */

import { noteLost } from "./server/reach.js";
import { allWords } from "./words.js";

/** Use a part when it is there, with its words. Where it cannot be had the page says that the server is away. */
export async function withPart(loading, use) {
  let part;
  try {
    [part] = await Promise.all([loading, allWords()]);
  } catch {
    return noteLost();
  }
  return use(part);
}
