/** Pauses as places at which a chapter may begin, and chapters as the server takes them. Pure. */

import { inVideo } from "./times.js";

export const LENGTHS = [1, 1.5, 2, 3, 5, 8];
/** Seconds of the shortest pause to be offered. */
const MANY = 40;
/** So many places are walked through gladly. */
const SAME = 0.05;

/** The places between the ends of the audio. @returns {{at, end, length}[]} in order: the second, its pause's end, how long that was */
export function places({ pauses }) {
  return pauses.filter(({ begins }) => begins !== null).map(({ begins: at, end, length }) => ({ at, end, length }));
}

/** The shortest pause to begin with, so that there are not too many. */
export function shortestOf(all) {
  return LENGTHS.find((shortest) => all.filter(({ length }) => length >= shortest).length <= MANY) ?? LENGTHS.at(-1);
}

/** The seconds by which an audio gets shorter if no pause is longer than so many. */
export function saved({ pauses }, longest) {
  return pauses.reduce((sum, { length }) => sum + Math.max(length - longest, 0), 0);
}

/** Chapters with one more, or without it if it is there. @param {{at: number, title: string}[]} chapters */
export function toggled(chapters, at) {
  const rest = chapters.filter((each) => Math.abs(each.at - at) > SAME);
  return rest.length < chapters.length ? rest : [...chapters, { at, title: "" }].sort((a, b) => a.at - b.at);
}

/** Whether a chapter begins at a place. */
export function isKept(chapters, at) {
  return chapters.some((each) => Math.abs(each.at - at) <= SAME);
}

/** The text of the option `marks`: the audio's chapters at the times of the video, the first from the beginning on. */
export function marksOf(job, chapters) {
  const all = isKept(chapters, 0) ? chapters : [{ at: 0, title: "" }, ...chapters];
  return all.map(({ at, title }) => `${Math.round(inVideo(job, at) * 1000) / 1000} ${title.trim()}`.trim()).join("\n");
}
