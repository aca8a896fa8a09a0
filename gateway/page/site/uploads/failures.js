/** What to do when an upload does not go on. Pure. */

const PATIENCE = 5;
/** Seconds until a next try. */
const LONGEST = 15;
const AT_DOOR = new Set([429, 507]);
const PASSING = new Set([408, 409, 423, 460]);
const AWAY = new Set([0, 502, 503, 504]);

/**
 * @param {{status: number, retryAfter: number, isKnown: boolean}} failure `status` 0: no answer; `retryAfter` in
 *   seconds, 0: not said; `isKnown`: the server has begun with this upload
 * @param {number} attempts tries without a byte more
 * @returns {{state: string, seconds?: number, isHeld?: boolean, isFresh?: boolean}} the next state, and when to try
 *   again; `isHeld`: all others wait as well; `isFresh`: from the first byte
 */
export function afterFailure({ status, retryAfter, isKnown }, attempts) {
  const seconds = retryAfter || Math.min(2 ** attempts, LONGEST);
  if (AWAY.has(status)) return { state: "offline", seconds };
  if (AT_DOOR.has(status) && retryAfter) return { state: "waiting", seconds, isHeld: true };
  if ((status === 404 || status === 410) && isKnown) return { state: "waiting", isFresh: true };
  if (PASSING.has(status) || status >= 500)
    return attempts < PATIENCE ? { state: "offline", seconds } : { state: "failed" };
  return { state: "refused" };
}
