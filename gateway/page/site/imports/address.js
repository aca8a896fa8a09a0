/** The address of a video in what a person drops or pastes. Pure. */

/**
 * The address, if the text is one and nothing else; else null. A `text/uri-list` may hold comments, and several: then it
 * is the first.
 *
 * @param {string} text
 * @returns {string | null}
 */
export function addressIn(text) {
  const lines = text.split(/\r?\n/).map((each) => each.trim()).filter((each) => each && !each.startsWith("#"));
  if (!lines.length || !/^https?:\/\/\S+$/i.test(lines[0]) || !URL.canParse(lines[0])) return null;
  return lines[0];
}
