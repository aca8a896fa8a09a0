/** The chapters of the audio, to jump to. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { clock, word } from "../words.js";

/** @param {{start: number, end: number, title: string}[]} chapters */
export function chapterList(chapters, player) {
  if (!chapters.length) return nothing;
  const now = chapterAt(chapters, player.position);
  return html`<section class="job-chapters" aria-labelledby="chapters-title">
    <h2 id="chapters-title">${word("job.chapters")}</h2>
    <ol role="list">${chapters.map((chapter, at) => html`
      <li><button class="plain" aria-current=${chapter === now ? "true" : nothing} @click=${() => player.seek(chapter.start)}>
        <span class="number quiet">${clock(chapter.start)}</span>
        <bdi>${chapter.title || word("job.chapter", { number: at + 1 })}</bdi></button></li>`)}</ol>
  </section>`;
}

/** The chapter that a second of the audio is in; undefined before the first. */
export function chapterAt(chapters, seconds) {
  return chapters.findLast(({ start }) => start <= seconds + 0.05);
}
