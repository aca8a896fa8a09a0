import assert from "node:assert/strict";
import { test } from "node:test";
import { indexAt, layOut, playing, snapped, timeAt } from "../../../../gateway/page/site/story/line.js";

const BEGUN = Date.parse("2026-11-30T10:00:00Z");

/** Events as `[type, seconds since the last one, run, attempt]`. */
function timeline(...events) {
  let time = BEGUN;
  return events.map(([type, after, run = 1, attempt = 0], at) => {
    time += after * 1000;
    return { id: `${at}`, type: `job.${type}`, time: new Date(time).toISOString(), offset: 4700 + 3 * at, run, attempt };
  });
}

const RETRIED = timeline(
  ["uploaded", 0, 1, 1], ["started", 2, 1, 1], ["probed", 1], ["retrying", 5, 1, 1], ["started", 30, 1, 2],
  ["failed", 10, 1, 2], ["notified", 1], ["requeued", 129600, 2, 1], ["started", 2, 2, 1], ["converted", 20, 2, 1], ["notified", 2, 2],
);

test("stations stand in order, told apart, and fill the line", () => {
  const stations = layOut(RETRIED, { now: BEGUN, done: true });
  stations.forEach((each, at) => {
    assert.ok(each.until - each.at > 0.01, each.entry.type);
    assert.equal(each.until, stations[at + 1]?.at ?? 1);
  });
});

test("only a long stretch in which nothing was done is broken, and its length is what it was", () => {
  const stations = layOut(RETRIED, { now: BEGUN, done: true });
  assert.deepEqual(stations.filter(({ broken }) => broken).map(({ entry, lasts }) => [entry.type, lasts]), [["job.notified", 129600000]]);
});

test("what is not broken is to scale", () => {
  const [waiting, working] = layOut(timeline(["uploaded", 0, 1, 1], ["started", 10, 1, 1], ["converted", 20, 1, 1]), { now: BEGUN + 30000, done: false });
  const least = 0.045;
  assert.ok(Math.abs((working.until - working.at - least) / (waiting.until - waiting.at - least) - 2) < 1e-6);
});

test("each event says what the job was after it, and late ones of an ended run say nothing", () => {
  const states = (...events) => layOut(timeline(...events), { now: BEGUN, done: true }).map(({ state }) => state);
  assert.deepEqual(layOut(RETRIED, { now: BEGUN, done: true }).map(({ state, run, attempt }) => `${state} ${run}.${attempt}`), [
    "uploaded 1.1", "converting 1.1", "converting 1.1", "retrying 1.1", "converting 1.2", "failed 1.2", "failed 1.2", "uploaded 2.1",
    "converting 2.1", "converted 2.1", "notified 2.1",
  ]);
  assert.deepEqual(states(["uploaded", 0, 1, 1], ["cancelled", 1], ["converted", 1, 1, 1], ["started", 1, 1, 1]), [
    "uploaded", "cancelled", "cancelled", "cancelled",
  ]);
});

test("a place is a moment, and a moment near an event is the event's", () => {
  const stations = layOut(RETRIED, { now: BEGUN, done: true });
  for (const { at, time } of stations) assert.equal(timeAt(stations, at), time);
  assert.equal(timeAt(stations, (stations[1].at + stations[2].at) / 2), BEGUN + 2500);
  assert.equal(snapped(stations, stations[3].at + 0.004, 0.01), stations[3].at);
  assert.equal(indexAt(stations, 1), stations.length - 1);
});

test("clocks that differ make no stretch negative", () => {
  const stations = layOut(timeline(["uploaded", 0, 1, 1], ["started", -3, 1, 1], ["converted", 1, 1, 1]), { now: BEGUN, done: true });
  assert.ok(stations.every(({ lasts }) => lasts >= 0));
});

test("it is played in its own time, long waits in a second, and all in a quarter of a minute", () => {
  const short = playing(layOut(timeline(["uploaded", 0, 1, 1], ["started", 1, 1, 1], ["converted", 3, 1, 1]), { now: BEGUN, done: true }));
  assert.equal(short.rate, 1);
  assert.deepEqual(short.lengths.slice(0, 2), [1000, 3000]);
  const { rate, lengths } = playing(layOut(RETRIED, { now: BEGUN, done: true }));
  assert.ok(rate > 1);
  assert.ok(Math.abs(lengths.reduce((sum, each) => sum + each) - 15000) < 1);
});
