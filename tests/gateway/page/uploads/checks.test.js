import assert from "node:assert/strict";
import { test } from "node:test";
import { looksLikeMedia, refusal } from "../../../../gateway/page/site/uploads/checks.js";
import { paced, speed } from "../../../../gateway/page/site/uploads/pace.js";

const NONE = { size: 0, count: 0 };
const usage = { bytes_stored: 60, jobs_today: 3, limits: { bytes_stored: 100, jobs_today: 5 } };

test("an empty file and one above the limit are refused", () => {
  assert.equal(refusal({ size: 0 }, { most: null, usage: null }, NONE).key, "uploads.empty");
  assert.equal(refusal({ size: 11 }, { most: 10, usage: null }, NONE).key, "uploads.too_large");
  assert.equal(refusal({ size: 10 }, { most: 10, usage: null }, NONE), null);
});

test("what is to be uploaded before counts against the limits of the account", () => {
  assert.equal(refusal({ size: 40 }, { most: null, usage }, NONE), null);
  assert.equal(refusal({ size: 40 }, { most: null, usage }, { size: 1, count: 1 }).key, "uploads.no_space");
  assert.equal(refusal({ size: 1 }, { most: null, usage }, { size: 1, count: 1 }), null);
  assert.equal(refusal({ size: 1 }, { most: null, usage }, { size: 2, count: 2 }).key, "uploads.enough_today");
});

test("without limits, or without an answer, the server decides", () => {
  assert.equal(refusal({ size: 1e15 }, { most: null, usage: { limits: {} } }, NONE), null);
});

test("type or ending make media", () => {
  for (const [name, type] of [["a.MKV", ""], ["a", "video/mp4"], ["talk.opus", ""]]) assert.ok(looksLikeMedia({ name, type }));
  for (const [name, type] of [["a.txt", "text/plain"], [".DS_Store", ""], ["mp4", "image/png"]])
    assert.ok(!looksLikeMedia({ name, type }), name);
});

test("speed is that of the last seconds, and not told too early", () => {
  let pace = [];
  for (let at = 0; at <= 20_000; at += 500) pace = paced(pace, at, at < 10_000 ? at : 10_000 + (at - 10_000) * 3);
  assert.equal(speed(pace), 3000);
  assert.equal(speed(paced(paced([], 0, 0), 1000, 5_000_000)), 0);
  assert.equal(speed(paced(pace, 20_100, 5)), 0, "a resumed upload goes back");
});
