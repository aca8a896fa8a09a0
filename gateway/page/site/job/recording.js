/** What the video holds: its tags, its container and tracks. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { bytes, clock, hasWord, number, word } from "../words.js";

/** @param media as `GET /jobs/{id}/media` has it */
export function recording(job, media) {
  if (!media) return nothing;
  const { tags = [], tracks = [], pictures = [], container } = media;
  return html`<details class="job-recording">
    <summary>${word("job.recording")}</summary>
    <dl>
      ${line(word("job.video"), [containerSaid(container), job.video && bytes(job.video.bytes), media.duration_seconds && clock(media.duration_seconds)])}
      ${tracks.map((track, at) => line(word("job.sound", { track: at + 1 }), trackSaid(track)))}
      ${pictures.map((each) => line(word(each.cover ? "job.picture" : "job.frames"), [each.codec.toUpperCase(), each.width && `${each.width} × ${each.height}`]))}
      ${tags.map(({ name, text }) => line(hasWord(`job.tag.${name}`) ? word(`job.tag.${name}`) : name, [text]))}
    </dl>
  </details>`;
}

/** ffmpeg names all that one of its demuxers reads. */
function containerSaid(names) {
  const first = names.split(",")[0];
  return { mov: "MP4/MOV", matroska: "Matroska/WebM", mpegts: "MPEG-TS" }[first] ?? first.toUpperCase();
}

function trackSaid({ codec, profile, sample_rate: rate, layout, channels, bit_rate: bits, language, title }) {
  return [
    [codec.toUpperCase(), profile].filter(Boolean).join(" "),
    rate && `${number(rate / 1000)} kHz`,
    layout || (channels && word("job.channels", { count: channels })),
    bits && `${number(Math.round(bits / 1000))} kbit/s`,
    language && language !== "und" && language,
    title,
  ];
}

function line(name, parts) {
  return html`<div><dt><bdi>${name}</bdi></dt><dd><bdi>${parts.filter(Boolean).join(" · ")}</bdi></dd></div>`;
}
