import assert from "node:assert/strict";
import { test } from "node:test";
import { AT_ONCE, EMPTY, added, changed, due, held, interruptedOf, isUnderWay, removed, total } from "../../../../gateway/page/site/uploads/queue.js";

const files = (...sizes) => sizes.map((size, at) => ({ id: `${at}`, name: `${at}.mp4`, size, lastModified: at }));
const ids = (uploads) => uploads.map(({ id }) => id);

test("two go at a time, in order, and the next when one is over", () => {
  let queue = added(EMPTY, files(10, 10, 10, 10));
  assert.deepEqual(ids(due(queue, 0)), ["0", "1"]);
  for (const { id } of due(queue, 0)) queue = changed(queue, id, { state: "uploading" });
  assert.deepEqual(due(queue, 0), []);
  queue = changed(queue, "1", { state: "offline" });
  assert.deepEqual(due(queue, 0), [], "one that is tried again keeps its place");
  queue = changed(queue, "0", { state: "done" });
  assert.deepEqual(ids(due(queue, 0)), ["2"]);
});

test("however it goes, never more than two are on their way, and all come to their end", () => {
  let random = 7;
  const chance = () => (random = (random * 16807) % 2147483647) / 2147483647;
  let queue = added(EMPTY, files(...Array(40).fill(5)));
  const ends = ["done", "paused", "offline", "failed", "refused", "waiting"];
  for (let step = 0; step < 5000 && queue.uploads.some(({ state }) => state !== "done"); step += 1) {
    for (const { id } of due(queue, step)) queue = changed(queue, id, { state: "uploading" });
    const going = queue.uploads.filter(({ state }) => state === "uploading" || state === "offline");
    assert.ok(going.length <= AT_ONCE);
    const at = going[Math.floor(chance() * going.length)];
    if (at) queue = changed(queue, at.id, { state: ends[Math.floor(chance() * ends.length)] });
    const stuck = queue.uploads.find(({ state }) => ["paused", "failed", "refused"].includes(state));
    if (stuck && chance() < 0.5) queue = changed(queue, stuck.id, { state: "waiting" });
    if (chance() < 0.1) queue = held(queue, step + 5);
  }
  assert.ok(queue.uploads.every(({ state }) => state === "done"));
});

test("a full server holds all that waits until the time that it said", () => {
  const queue = held(held(added(EMPTY, files(1, 1)), 5000), 3000);
  assert.deepEqual(due(queue, 4999), []);
  assert.equal(due(queue, 5000).length, 2);
});

test("the total does not go back when a file that is done leaves the list", () => {
  let queue = added(EMPTY, files(60, 40));
  queue = changed(queue, "0", { state: "done", sent: 60 });
  assert.equal(total(queue).percent, 60);
  queue = removed(queue, "0");
  assert.deepEqual(total(queue), { sent: 60, size: 100, done: 1, count: 2, percent: 60 });
  queue = removed(changed(queue, "1", { state: "done", sent: 40 }), "1");
  assert.equal(isUnderWay(queue), false);
  assert.equal(total(added(queue, [{ id: "9", name: "9", size: 50 }])).percent, 0, "a new batch begins at nothing");
});

test("what is cancelled or refused counts in no total", () => {
  let queue = added(EMPTY, files(10, 90));
  queue = changed(queue, "1", { state: "refused" });
  assert.deepEqual([total(queue).size, total(queue).count], [10, 1]);
  assert.equal(total(removed(queue, "0")).count, 0);
});

test("an interrupted upload is known again by name, size and time of its file", () => {
  const queue = added(EMPTY, files(10).map((each) => ({ ...each, state: "interrupted" })));
  const file = { name: "0.mp4", size: 10, lastModified: 0 };
  assert.equal(interruptedOf(queue, file).id, "0");
  for (const other of [{ name: "1.mp4" }, { size: 11 }, { lastModified: 1 }])
    assert.equal(interruptedOf(queue, { ...file, ...other }), undefined);
});
