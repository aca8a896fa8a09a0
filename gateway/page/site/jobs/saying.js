/** A job in words: how it stands, and what is left. */

import { percent } from "../log/standing.js";
import { bytes, clock, hasWord, number, spans, word } from "../words.js";

/** How a job stands, as parts of one line. */
export function standing(job) {
  const { state, queue, audio } = job;
  if (state === "failed") return [job.error?.message ?? word("jobs.state.failed")];
  if (audio && (state === "converted" || state === "notified")) {
    const files = audio.parts ? [word("jobs.files", { count: audio.parts })] : [];
    return [formatSaid(audio.format), ...files, clock(audio.duration_seconds), bytes(audio.bytes)];
  }
  if (state === "converted" || state === "notified") return [word("jobs.audio_gone")];
  const told = percent(job);
  const parts = [word(`jobs.state.${state}`)];
  if (told !== null) parts.push(number(Math.floor(told) / 100, { style: "percent" }));
  if (state === "uploaded" && queue?.place) parts[0] = word(queue.place === 1 ? "jobs.place.next" : "jobs.place", { place: queue.place });
  if (state === "converting" && job.attempt > 1) parts.push(word("jobs.attempt", { attempt: job.attempt }));
  if (queue?.seconds_max != null) parts.push(word("jobs.left", { time: spans(queue.seconds_min, queue.seconds_max) }));
  return parts;
}

/** A format by its name. */
export function formatSaid(format) {
  return { opus: "Opus", ogg: "Ogg" }[format] ?? format.toUpperCase();
}

/** What is to be known of audio that is there; empty: nothing. */
export function notice({ audio }) {
  return audio?.partial ? word("jobs.partial") : "";
}

/** The state as one word, for who hears the page. */
export function stateWord({ state }) {
  return word(hasWord(`jobs.short.${state}`) ? `jobs.short.${state}` : "jobs.short.uploaded");
}
