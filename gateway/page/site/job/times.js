/** Seconds of the audio, the same seconds of the video, and how people write and say them. Pure. */

import { number } from "../words.js";

/** Why a second of a job's audio cannot be found in its video; null: it can, to the sample. */
export function obstacle({ audio, video, options }) {
  if (audio.parts) return "parts";
  if (!video || video.removed_at) return "video";
  if (options.trim_silence && audio.silence_cut === null) return "silence";
  return options.shorten_pauses && !audio.seams ? "pauses" : null;
}

/** The second of the video that a second of the audio was. */
export function inVideo({ audio, options }, seconds) {
  const leftOut = sum((audio.seams ?? []).filter(({ at }) => at <= seconds));
  return (options.start ?? 0) + (seconds + leftOut + (audio.silence_cut ?? 0)) * (options.speed ?? 1);
}

/** The second of the audio that a second of the video became. One that was left out of a pause is at its seam. */
export function inAudio({ audio, options }, seconds) {
  let heard = (seconds - (options.start ?? 0)) / (options.speed ?? 1) - (audio.silence_cut ?? 0);
  for (const { at, left_out: leftOut } of audio.seams ?? []) {
    if (heard <= at) break;
    heard = Math.max(heard - leftOut, at);
  }
  return heard;
}

/** True if a second of the audio may be another second of the video. */
export function isMoved({ audio, options }) {
  return Boolean(options.start || audio.silence_cut || audio.seconds_saved) || (options.speed ?? 1) !== 1;
}

const sum = (seams) => seams.reduce((before, { left_out: leftOut }) => before + leftOut, 0);

/** The chapters that the audio has, at its own times, as the converter has marked them. */
export function chaptersOf(job, media) {
  if ((job.options.chapters ?? "keep") !== "keep" || job.audio.parts || obstacle({ ...job, video: {} })) return [];
  const heard = (seconds) => Math.min(Math.max(inAudio(job, seconds), 0), job.audio.duration_seconds);
  return (job.options.marks ? given(job.options.marks) : media?.chapters ?? [])
    .map(({ start, end, title = "" }) => ({ start: heard(start), end: heard(end), title }))
    .filter(({ start, end }) => end - start >= 0.001)
    .sort((a, b) => a.start - b.start);
}

/** Chapters as somebody has given them: a line each, each until the next. */
export function given(marks) {
  const lines = marks.split("\n").map((line) => /^(\S+) ?(.*)$/.exec(line));
  const begun = lines.map(([, time, title]) => ({ start: typed(time), title }));
  return begun.map((each, at) => ({ ...each, end: begun[at + 1]?.start ?? Infinity }));
}

/** A time as one types it, with tenths: 1:02.5. */
export function exactly(seconds) {
  const tenths = Math.round(seconds * 10);
  const minutes = Math.floor(tenths / 600);
  const hours = Math.floor(minutes / 60);
  const rest = number((tenths % 600) / 10, { minimumIntegerDigits: 2, minimumFractionDigits: 1 });
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** The seconds that somebody has typed: 62.5, 1:02.5, 1:02,5, 0:01:02; null: that is no time. */
export function typed(text) {
  const match = /^\s*(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6}(?:[.,]\d{1,6})?)\s*$/.exec(text);
  if (!match) return null;
  const [, hours = 0, minutes = 0, seconds] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds.replace(",", "."));
}

/** A time in words, for who hears it: 1 minute 2 seconds. `digits` of a second's fraction. */
export function spoken(seconds, digits = 0) {
  const whole = Number(Math.max(seconds, 0).toFixed(digits));
  const parts = [[Math.floor(whole / 3600), "hour"], [Math.floor(whole / 60) % 60, "minute"], [whole % 60, "second"]];
  const said = parts.filter(([count, unit], at) => count || (at === 2 && whole < 60));
  return said
    .map(([count, unit]) => number(count, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: digits }))
    .join(" ");
}
