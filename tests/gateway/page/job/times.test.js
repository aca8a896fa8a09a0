// The seconds of an audio and of its video, and the peaks of its wave.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { documentElement: { dataset: { languages: "en de" } } };
const site = new URL("../../../../gateway/page/site/", import.meta.url);
const { chaptersOf, exactly, inAudio, inVideo, obstacle, spoken, typed } = await import(new URL("job/times.js", site));
const { bars, readPeaks } = await import(new URL("job/peaks.js", site));

const job = (options = {}, audio = {}, video = { removed_at: null }) => ({
  options, video, audio: { parts: 0, silence_cut: null, duration_seconds: 100, ...audio },
});

test("a second of the audio is found in the video, and the other way round", () => {
  const part = job({ start: 10, speed: 2, trim_silence: true }, { silence_cut: 1.5 });
  assert.equal(inVideo(part, 3), 19);
  assert.equal(inAudio(part, 19), 3);
  assert.equal(inVideo(job(), 7.25), 7.25);
});

test("pauses that were shortened move what comes behind them", () => {
  const short = job({ start: 10, speed: 2, shorten_pauses: 1 }, { seams: [{ at: 5, left_out: 3 }, { at: 5.5, left_out: 2 }] });
  assert.deepEqual([10, 20, 21, 26, 26.5, 29, 32].map((second) => inAudio(short, second)), [0, 5, 5, 5, 5.25, 5.5, 6]);
  assert.deepEqual([0, 4.5, 5, 6].map((second) => inVideo(short, second)), [10, 19, 26, 32]);
});

test("a cut is offered only where it can be exact, and where there is a video", () => {
  assert.equal(obstacle(job()), null);
  assert.equal(obstacle(job({ trim_silence: true }, { silence_cut: 0 })), null);
  assert.equal(obstacle(job({ trim_silence: true })), "silence");
  assert.equal(obstacle(job({ shorten_pauses: 1 }, { seams: [] })), null);
  assert.equal(obstacle(job({ shorten_pauses: 1 })), "pauses");
  assert.equal(obstacle(job({}, { parts: 3 })), "parts");
  assert.equal(obstacle(job({}, {}, { removed_at: "2026-01-01T00:00:00Z" })), "video");
});

test("chapters move with the sound, and those outside of it are gone", () => {
  const media = { chapters: [{ start: 0, end: 10, title: "before" }, { start: 5, end: 30 }, { start: 30, end: 400, title: "last" }] };
  const found = chaptersOf(job({ start: 10, speed: 2 }, { duration_seconds: 50 }), media);
  assert.deepEqual(found, [{ start: 0, end: 10, title: "" }, { start: 10, end: 50, title: "last" }]);
  assert.deepEqual(chaptersOf(job({ chapters: "drop" }), media), []);
  assert.deepEqual(chaptersOf(job({ marks: "0:05 Given, not the file's\n1:02.5" }), media),
    [{ start: 5, end: 62.5, title: "Given, not the file's" }, { start: 62.5, end: 100, title: "" }]);
});

test("times are typed and read as people do", () => {
  assert.deepEqual(["62.5", "1:02.5", "1:02,5", " 0:01:02 "].map(typed), [62.5, 62.5, 62.5, 62]);
  assert.deepEqual(["", "a", "1:2:3:4", "-3", "1:", "1e3"].map(typed), [null, null, null, null, null, null]);
  assert.equal(typed(exactly(3723.4)), 3723.4);
  assert.equal(exactly(59.96), "1:00.0");
  assert.equal(spoken(62.3, 1), "1 minute 2.3 seconds");
  assert.equal(spoken(59.97, 1), "1 minute");
  assert.equal(spoken(0), "0 seconds");
});

test("the wave keeps every peak, whatever its width", () => {
  const file = new ArrayBuffer(24 + 200);
  const head = new DataView(file);
  [2, 1, 1000, 100, 100, 1].forEach((value, at) => head.setInt32(at * 4, value, true));
  new Int8Array(file, 24).set([-50, 100], 2 * 42);
  const peaks = readPeaks(file);
  assert.equal(peaks.seconds, 0.1);
  for (const count of [1, 7, 100, 333]) {
    const drawn = bars(peaks, 10, count);
    assert.equal(Math.max(...drawn), 1);
    assert.equal(Math.min(...drawn), -0.5);
    assert.equal(Math.floor((drawn.indexOf(1) - 1) / 2), Math.floor((42 / 100) * count));
  }
  assert.equal(readPeaks(new ArrayBuffer(10)), null);
});
