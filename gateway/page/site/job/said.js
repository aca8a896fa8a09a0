/** The options of a conversion in words: what differs from an ordinary MP3 of the whole. Pure. */

import { formatSaid } from "../jobs/saying.js";
import { clock, number, word } from "../words.js";
import { exactly } from "./times.js";

/** @returns {string} such as "MP3 · 192 kbit/s · mono · 0:10.0 to 0:20.0" */
export function said(options) {
  const { format = "mp3", quality = "", sample_rate: rate, channels = "keep", start = 0, end = null, speed = 1 } = options;
  const { loudness = null, language = "", track = null, cover = "none", chapters = "keep" } = options;
  return [
    formatSaid(format),
    quality && qualitySaid(quality),
    rate && `${number(rate / 1000)} kHz`,
    channels !== "keep" && word(`job.channels.${channels}`),
    (start || end !== null) && word(end === null ? "job.from" : "job.part", { from: time(start), to: time(end ?? 0) }),
    speed !== 1 && word("job.speed", { speed }),
    options.trim_silence && word("job.trim_silence"),
    options.shorten_pauses && word("job.shorten_pauses", { seconds: number(options.shorten_pauses) }),
    loudness !== null && `${number(loudness)} LUFS`,
    (options.fade_in || options.fade_out) && word("job.fades"),
    language || (track !== null && word("job.track", { track: track + 1 })),
    chapters !== "keep" && word(`job.chapters.${chapters}`),
    cover !== "none" && word(`job.cover.${cover}`),
  ].filter(Boolean).join(" · ");
}

function time(seconds) {
  return Number.isInteger(seconds) ? clock(seconds) : exactly(seconds);
}

function qualitySaid(quality) {
  const rate = /^(\d+)k$/.exec(quality);
  return rate ? `${rate[1]} kbit/s` : quality === "source" ? word("job.quality.source") : quality;
}
