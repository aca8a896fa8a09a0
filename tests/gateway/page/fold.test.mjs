/** The page's fold, by itself and against what the gateway's fold makes of the same histories. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { folded } from "../../../gateway/page/site/log/fold.js";
import { newer, percent, progressed } from "../../../gateway/page/site/log/standing.js";

const JOB = "0199a1b2-0000-7000-8000-00000000000a";
const VIDEO = { filename: "a.mp4", content_type: "video/mp4", bytes: 5, sha256: "0", video_id: "v" };
const AUDIO = {
  run: 1, attempt: 1, audio_id: "a", bytes: 9, sha256: "1", duration_seconds: 2, bit_rate: 1, sample_rate: 1,
  channels: 1, seconds_spent: 1, engine: "e",
};

let time = Date.UTC(2026, 0, 1);
function tell(type, data = {}) {
  const dataschema = `urn:tonearm:event:${type}:1`;
  time += 1000;
  return { id: `${type} ${data.run} ${data.attempt}`, type, subject: JOB, time: new Date(time).toISOString(), dataschema, data };
}
const fold = (events, job = null) => events.reduce((so_far, [offset, event]) => folded(so_far, event, offset), job);
const log = (...events) => events.map((event, offset) => [offset, event]);

test("every history folds to what the gateway shows, in any order and with repetitions", () => {
  const histories = JSON.parse(readFileSync(process.env.HISTORIES, "utf8"));
  assert.ok(histories.length > 50);
  for (const { events, shown } of histories) {
    const job = fold(events.map(({ offset, event }) => [offset, event]));
    assert.deepEqual(facts(job), facts(shown), JSON.stringify(events));
  }
});

test("a job that was shown goes on from there, and what was in it already changes nothing", () => {
  const histories = JSON.parse(readFileSync(process.env.HISTORIES, "utf8"));
  for (const { events, shown, middle } of histories) {
    if (middle) assert.deepEqual(facts(fold(events.map(({ offset, event }) => [offset, event]), middle)), facts(shown));
    for (const { offset, event } of events) assert.equal(folded(shown, event, offset), shown);
  }
});

test("of a cancellation and a conversion the first in the log is the end", () => {
  const begun = [[0, tell("job.uploaded", VIDEO)], [1, tell("job.started", { run: 1, attempt: 1, worker: "w" })]];
  const cancelled = tell("job.cancelled", { run: 1 });
  const converted = tell("job.converted", AUDIO);
  for (const order of [(list) => list, (list) => list.toReversed()]) {
    const one = fold(order([...begun, [2, cancelled], [3, converted]]));
    assert.deepEqual([one.state, one.audio], ["cancelled", null]);
    const other = fold(order([...begun, [2, converted], [3, cancelled]]));
    assert.deepEqual([other.state, other.audio.bytes], ["converted", 9]);
  }
});

test("an event of a type or version that is not known changes nothing", () => {
  const job = fold(log(tell("job.uploaded", VIDEO)));
  assert.equal(folded(job, tell("job.admired"), 5), job);
  assert.equal(folded(job, { ...tell("job.failed", { run: 1 }), dataschema: "urn:tonearm:event:job.failed:2" }, 5), job);
});

test("progress is of the attempt that is under way, and never goes back", () => {
  const begun = fold(log(tell("job.uploaded", VIDEO), tell("job.started", { run: 1, attempt: 1, worker: "w" })));
  const at = (percent, second, attempt = 1) => ({ run: 1, attempt, percent, time: new Date(time + second).toISOString() });
  const late = progressed(progressed(begun, at(50, 2)), at(30, 1));
  assert.equal(percent(late), 50);
  assert.equal(percent(folded(late, tell("job.retrying", { run: 1, attempt: 1, reason: "r", delay_seconds: 1 }), 2)), null);
  const early = progressed(fold(log(tell("job.uploaded", VIDEO))), at(10, 3));
  assert.equal(percent(early), null);
  assert.equal(percent(folded(early, tell("job.started", { run: 1, attempt: 1, worker: "w" }), 1)), 10);
});

test("of two pictures of one job the one with more events is kept, with its progress", () => {
  const begun = fold(log(tell("job.uploaded", VIDEO), tell("job.started", { run: 1, attempt: 1, worker: "w" })));
  const known = progressed(begun, { run: 1, attempt: 1, percent: 40, time: new Date(time).toISOString() });
  const older = fold(log(tell("job.uploaded", VIDEO)));
  assert.equal(newer(known, older), known);
  assert.equal(percent(newer(older, known)), 40);
});

/** What is compared: of audio and video what both know. */
function facts(job) {
  if (job.state === "deleted") return { state: job.state, run: job.run, places: places(job) };
  const { audio, video } = job;
  return {
    ...Object.fromEntries(["state", "done", "run", "attempt", "filename", "family", "error"].map((name) => [name, job[name]])),
    times: [job.created, job.updated, job.finished_at].map((time) => time && Date.parse(time)),
    video: video && { ...video, removed_at: video.removed_at && Date.parse(video.removed_at) },
    audio: audio && Object.fromEntries(["url", "format", "bytes", "duration_seconds", "copied", "partial", "parts", "sha256"]
      .map((name) => [name, audio[name]])),
    places: places(job),
  };
}

const places = (job) => job.timeline.map(({ id, type, offset, run, attempt }) => [id, type, offset, run, attempt]);
