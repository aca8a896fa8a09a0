// Pauses as places at which a chapter may begin.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { documentElement: { dataset: { languages: "en de" } } };
const site = new URL("../../../../gateway/page/site/", import.meta.url);
const { isKept, marksOf, places, saved, shortestOf, toggled } = await import(new URL("job/pauses.js", site));

test("a chapter may begin after each pause but those at the ends", () => {
  const found = places({ pauses: [{ begins: null, end: 2, length: 2 }, { begins: 12.6, end: 13, length: 3 }] });
  assert.deepEqual(found, [{ at: 12.6, end: 13, length: 3 }]);
});

test("what shorter pauses would save is told beforehand", () => {
  assert.equal(saved({ pauses: [{ length: 3 }, { length: 1.2 }, { length: 8 }] }, 1.5), 8);
});

test("of very many pauses the long ones are offered first", () => {
  const pauses = (count, length) => Array.from({ length: count }, () => ({ length }));
  assert.equal(shortestOf(pauses(10, 1.2)), 1);
  assert.equal(shortestOf([...pauses(100, 1.2), ...pauses(20, 4)]), 1.5);
  assert.equal(shortestOf(pauses(100, 60)), 8);
});

test("chapters come and go in order, and are told at the times of the video", () => {
  const job = { audio: { silence_cut: 1, seams: [{ at: 5, left_out: 10 }] }, options: { start: 2, speed: 2 } };
  const two = toggled(toggled([], 8), 4);
  assert.deepEqual(two.map(({ at }) => at), [4, 8]);
  assert.ok(isKept(two, 8.001));
  assert.equal(marksOf(job, two.map((each) => ({ ...each, title: " A & <b> " }))), "4\n12 A & <b>\n40 A & <b>");
  assert.deepEqual(toggled(two, 8), [{ at: 4, title: "" }]);
});
