/**
 * The fold of a job's events, as the gateway folds them (`events/projections`): pure, and of any order and any
 * repetition comes the same. A job has the shape in which `GET /jobs?include=timeline` shows it.
 *
 * All is decided by the timeline. It holds each event once, at its lowest offset. Of two events that exclude each
 * other the lower offset wins: a run ends once, by the first of its ends.
 */

import { compare, ENDS, SETTLED, stateOf } from "./standing.js";

/**
 * By type of event: the run, where the event names none; whether it is of an attempt that
 * it names, or of the first (`attempt: 1`).
 */
const TYPES = {
  "job.uploaded": { run: 1, attempt: 1, note: (data) => data.filename },
  "job.requeued": { attempt: 1, note: (data) => `run ${data.run}` },
  "job.started": { attempted: true, note: (data) => `attempt ${data.attempt}` },
  "job.probed": { note: ({ media }) => `${media.container}, ${media.tracks?.length ?? 0} audio tracks` },
  "job.retrying": {
    attempted: true, note: (data) => `${data.reason}; again in ${data.delay_seconds} s`,
  },
  "job.converted": {
    attempted: true, note: (data) => `${data.duration_seconds.toFixed(1)} s of audio`,
  },
  "job.failed": { attempted: true, note: (data) => `${data.code}: ${data.message}` },
  "job.notified": { note: (data) => `about ${data.about}` },
  "job.notification_failed": { note: (data) => data.reason },
  "job.notification_declined": { note: (data) => `about ${data.about}` },
  "job.cancelled": { note: (data) => `by ${data.by ?? "user"}` },
  "job.deleted": { run: 0, note: (data) => `reason: ${data.reason}` },
  "job.video_removed": { run: 0, note: (data) => `reason: ${data.reason}` },
  "job.audio_removed": { note: (data) => `reason: ${data.reason}` },
  "job.erased": { run: 0, note: (data) => `about ${data.about}` },
  "job.linked": { run: 0, note: (data) => data.link_id },
  "job.unlinked": { run: 0, note: (data) => data.link_id },
  "job.transcript_added": { run: 0, note: (data) => data.transcript_id },
  "job.transcript_removed": { run: 0, note: (data) => data.transcript_id },
};
const STRENGTH = {
  uploaded: 1, converting: 2, retrying: 2, failed: 3, converted: 3, cancelled: 3, notified: 4, deleted: 5,
};
/** The types of events that tell something of a job. */
export const EVENT_TYPES = Object.keys(TYPES);

/**
 * The job after one more event; the same object if it changes nothing, or is of a type or version that is not known
 * here. `job` is null before its first event.
 */
export function folded(job, event, offset) {
  const entry = entryOf(event, offset);
  if (!entry) return job;
  const known = job?.timeline.find((each) => each.id === entry.id);
  if (known && known.offset <= offset) return job;
  const others = (job?.timeline ?? []).filter((each) => each !== known);
  const timeline = [...others, entry].sort((one, other) => one.offset - other.offset);
  return standing({ ...(job ?? empty(event)), timeline, ...told(job, event, entry, timeline) });
}

function entryOf(event, offset) {
  const type = TYPES[event.type];
  if (!type || !event.dataschema.endsWith(`${event.type}:1`)) return null;
  const { data } = event;
  return {
    id: event.id, type: event.type, time: event.time, offset, note: type.note(data),
    run: type.run ?? data.run, attempt: type.attempted ? data.attempt : (type.attempt ?? 0),
  };
}

function empty(event) {
  return {
    job_id: event.subject, filename: "", video: null, family: event.subject, options: {}, audio: null, error: null,
    queue: null, timeline: [],
  };
}

/** What the event itself tells of the job, if of all that tell the same it is the one that counts. */
function told(job, event, entry, timeline) {
  const counts = (...types) => winner(timeline, types) === entry;
  const { data } = event;
  switch (event.type) {
    case "job.uploaded":
    case "job.requeued": {
      if (!counts("job.uploaded", "job.requeued")) return {};
      const { bytes, content_type, sha256, options = {} } = data;
      const removed_at = winner(timeline, ["job.video_removed"])?.time ?? null;
      return {
        filename: data.filename, family: data.family || event.subject, options: { format: "mp3", ...options },
        video: { bytes, content_type, sha256, removed_at },
      };
    }
    case "job.video_removed":
      return counts("job.video_removed") && job?.video ? { video: { ...job.video, removed_at: event.time } } : {};
    case "job.converted":
      return counts("job.converted") ? { audio: audioOf(event) } : {};
    case "job.failed":
      return counts("job.failed") ? { error: { code: data.code, message: data.message } } : {};
    default:
      return {};
  }
}

function audioOf({ subject, data }) {
  const { bytes, duration_seconds, bit_rate, sample_rate, channels, sha256 } = data;
  const { format = "mp3", copied = false, partial = false, parts = 0, left_out = [] } = data;
  return {
    url: `/jobs/${subject}/audio`, format, bytes, duration_seconds, bit_rate, sample_rate, channels, sha256, copied,
    partial, parts, left_out,
  };
}

/** Of the entries of these types that of the highest run, and of a run the first in the log. */
function winner(timeline, types) {
  return timeline.filter((each) => types.includes(each.type))
    .reduce((best, each) => (best && best.run >= each.run ? best : each), undefined);
}

/** The job with all that its timeline decides. */
function standing(job) {
  const { timeline } = job;
  const ends = new Map();
  for (const entry of timeline) if (ENDS.has(stateOf(entry)) && !ends.has(entry.run)) ends.set(entry.run, entry);
  const heaviest = timeline.map((entry) => [entry, counted(entry, ends.get(entry.run))])
    .reduce((best, each) => (compare(rank(...each), rank(...best)) > 0 ? each : best));
  const run = Math.max(...timeline.map((entry) => entry.run || 1));
  const attempt = Math.max(...timeline.filter((entry) => (entry.run || 1) === run).map((entry) => entry.attempt));
  const times = timeline.map((entry) => entry.time).sort((one, other) => Date.parse(one) - Date.parse(other));
  const state = heaviest[1] ?? "uploaded";
  const done = SETTLED.has(state);
  const audio = winner(timeline, ["job.converted"]);
  const gone = winner(timeline, ["job.audio_removed"]);
  const error = winner(timeline, ["job.failed"]);
  const beaten = (entry) => ends.get(entry.run) !== entry;
  return {
    ...job, state, run, attempt, done,
    created: times[0], updated: times.at(-1),
    finished_at: done ? finished(timeline, run, times) : null,
    audio: !audio || beaten(audio) || gone?.run >= audio.run || state === "deleted" ? null : job.audio,
    error: !error || beaten(error) || error.run < run ? null : job.error,
    queue: done ? null : job.queue,
    filename: state === "deleted" ? "" : job.filename,
  };
}

/** The state that an entry means, where its run had not ended otherwise before. */
function counted(entry, end) {
  const state = stateOf(entry);
  if (ENDS.has(state)) return end === entry ? state : undefined;
  return state === "notified" && end && stateOf(end) !== "converted" ? undefined : state;
}

/** The weight of an entry; the heaviest decides the state: see `events/projections/join.py`. */
function rank(entry, state) {
  return [state === "deleted" ? 1 : 0, entry.run, STRENGTH[state] ?? 0, entry.attempt, state === "retrying" ? 1 : 0];
}

function finished(timeline, run, times) {
  const ends = timeline.filter((entry) => ENDS.has(stateOf(entry)) || entry.type === "job.deleted");
  const end = ends.find((entry) => entry.run === run) ?? ends[0];
  return end?.time ?? times.at(-1);
}
