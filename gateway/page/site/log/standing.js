/** How a job stands, by what is known of it: pure. A job has the shape in which `GET /jobs?include=timeline` shows it. */

/** The states that events mean. A mail means one only if it is about the audio. */
const STATES = {
  "job.uploaded": "uploaded", "job.requeued": "uploaded", "job.started": "converting", "job.retrying": "retrying",
  "job.converted": "converted", "job.failed": "failed", "job.cancelled": "cancelled", "job.deleted": "deleted",
};
const AUDIO_NOTE = "about job.converted";
/** The ways in which a run ends: by the first of them in the log. */
export const ENDS = new Set(["converted", "failed", "cancelled"]);
export const SETTLED = new Set([...ENDS, "notified", "deleted"]);

/** True where no work waits or is under way. */
export const isDone = (job) => SETTLED.has(job.state);

/** The job with a message of progress, which is no event: of the furthest attempt the newest counts. */
export function progressed(job, progress) {
  return job.progress && compare(furthest(job.progress), furthest(progress)) > 0 ? job : { ...job, progress };
}

/** The percentage of the attempt that is under way; null if it is not known. */
export function percent(job) {
  const { run, attempt, percent: done } = job.progress ?? {};
  return job.state === "converting" && run === job.run && attempt === job.attempt ? (done ?? null) : null;
}

/** Of two pictures of one job the one that holds more of its events. They come from one log, read in order. */
export function newer(one, other) {
  const [last, least] = lastOffset(one) > lastOffset(other) ? [one, other] : [other, one];
  return last.progress || !least.progress ? last : progressed(last, least.progress);
}

/** The state that an entry of a timeline means; undefined: none. */
export function stateOf(entry) {
  return entry.type === "job.notified" && entry.note === AUDIO_NOTE ? "notified" : STATES[entry.type];
}

/** How far into the log a picture of a job goes. */
export const lastOffset = (job) => job.timeline.at(-1)?.offset ?? -1;
const furthest = ({ run, attempt, time }) => [run, attempt, Date.parse(time)];

/** The order of two lists of numbers: negative, zero or positive. */
export function compare(one, other) {
  const at = one.findIndex((each, place) => each !== other[place]);
  return at < 0 ? 0 : one[at] - other[at];
}

