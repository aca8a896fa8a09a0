import assert from "node:assert/strict";
import { test } from "node:test";
import { ceiling, path } from "../../../../gateway/page/site/admin/scale.js";

test("a line is broken where nobody looked, and a value alone is a stroke", () => {
  assert.equal(path([0, 10, null, 5, null], 10, 100, 50), "M0.0 50.0L25.0 0.0M75.0 25.0m-3 0h6");
  assert.equal(path([null, null], 1), "");
});

test("a plot ends at a round number above all values, and never at zero", () => {
  assert.deepEqual([[], [null, 0], [0.3], [7], [25], [101]].map(ceiling), [1, 1, 0.30000000000000004, 8, 30, 200]);
});
