// The lines of a transcript: which is heard, and which is next.

import assert from "node:assert/strict";
import { test } from "node:test";

const site = new URL("../../../../gateway/page/site/", import.meta.url);
const { lineAt, nextLine } = await import(new URL("job/lines.js", site));

const segments = [0, 2, 2, 5.5].map((startTime) => ({ startTime }));

test("the last line that has begun is the one that is heard", () => {
  assert.deepEqual([0, 1.9, 2, 5.4, 5.5, 99].map((at) => lineAt(segments, at)), [0, 0, 2, 2, 3, 3]);
  assert.equal(lineAt([{ startTime: 3 }], 2), -1);
  assert.equal(lineAt([], 2), -1);
});

test("keys lead from line to line, and not beyond the ends", () => {
  assert.deepEqual(["ArrowDown", "ArrowUp", "PageDown", "Home", "End"].map((key) => nextLine(key, 1, 4)), [2, 0, 3, 0, 3]);
  assert.deepEqual([nextLine("ArrowDown", 3, 4), nextLine("ArrowUp", 0, 4)], [3, 0]);
  assert.deepEqual([nextLine("Enter", 1, 4), nextLine("ArrowDown", -1, 4)], [null, null]);
});
