/** What the page knows of uploads before their code is loaded. */

const REMEMBERED = "tonearm.uploads";

/** `percent` of all that is on its way, null if nothing is. */
export const ongoing = { percent: null };

/** True if an upload was under way when a page was left. */
export function isRemembered() {
  return localStorage.getItem(REMEMBERED) !== null;
}

/** Note whether an upload is under way. */
export function noteRemembered(is) {
  if (is) localStorage.setItem(REMEMBERED, "yes");
  else localStorage.removeItem(REMEMBERED);
}
