/** What is said of a file before a byte of it is sent. Pure; the server has the last word. */

const ENDINGS = new Set((
  "3g2 3gp aac ac3 aif aiff amr asf avi caf divx dts dv f4v flac flv m2ts m2v m4a m4b m4v mka mkv mov mp2 mp3 mp4 mpeg "
  + "mpg mts mxf oga ogg ogv opus qt ra ram rm rmvb ts vob wav webm wma wmv"
).split(" "));

/** True if type or ending say that it has sound. @param {{name: string, type: string}} file */
export function looksLikeMedia({ name, type }) {
  const [, ending] = /\.(\w+)$/.exec(name) ?? [];
  return /^(video|audio)\//.test(type) || ENDINGS.has(ending?.toLowerCase());
}

/**
 * Why a file cannot be accepted: the key of a message and its values; null if it may be.
 *
 * @param {{size: number}} file
 * @param {{most: number | null, usage: object | null}} limits `most`: bytes of a file; `usage` as the API tells it
 * @param {{size: number, count: number}} before what is to be uploaded before it
 */
export function refusal({ size }, { most, usage }, before) {
  if (size === 0) return { key: "uploads.empty" };
  if (most !== null && size > most) return { key: "uploads.too_large", bytes: { size, most } };
  const { bytes_stored: stored = null, jobs_today: today = null } = usage?.limits ?? {};
  if (stored !== null && usage.bytes_stored + before.size + size > stored)
    return { key: "uploads.no_space", bytes: { most: stored, left: Math.max(0, stored - usage.bytes_stored) } };
  if (today !== null && usage.jobs_today + before.count + 1 > today) return { key: "uploads.enough_today", count: today };
  return null;
}
