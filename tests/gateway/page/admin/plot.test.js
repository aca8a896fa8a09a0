import assert from "node:assert/strict";
import { test } from "node:test";
import { messages } from "../../../../gateway/page/site/admin/messages.js";
import { ceiling, path } from "../../../../gateway/page/site/admin/scale.js";

test("a line is broken where nobody looked, and a value alone is a stroke", () => {
  assert.equal(path([0, 10, null, 5, null], 10, 100, 50), "M0.0 50.0L25.0 0.0M75.0 25.0m-3 0h6");
  assert.equal(path([null, null], 1), "");
});

test("a plot ends at a round number above all values, and never at zero", () => {
  assert.deepEqual([[], [null, 0], [0.3], [7], [25], [101]].map(ceiling), [1, 1, 0.30000000000000004, 8, 30, 200]);
});

test("messages are whole however the network cuts them, and comments are none", async () => {
  const text = 'retry: 2000\n\n: ping\n\nid: 7\nevent: job.failed\ndata: {"a": "b: c"}\n\nevent: x\ndata: 1\n\nid: 9';
  for (const size of [1, 7, text.length]) {
    const cut = new ReadableStream({
      start(controller) {
        for (let at = 0; at < text.length; at += size) controller.enqueue(text.slice(at, at + size));
        controller.close();
      },
    });
    const found = [];
    for await (const message of messages(cut)) found.push(message);
    assert.deepEqual(found, [{ id: "7", type: "job.failed", data: { a: "b: c" } }, { id: undefined, type: "x", data: 1 }]);
  }
});
