import assert from "node:assert/strict";
import { test } from "node:test";
import { messages } from "../../../../gateway/page/site/server/messages.js";

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

test("who has heard enough leaves the stream", async () => {
  let isLeft = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue('data: "again"\n\n'),
    cancel: () => { isLeft = true; },
  });
  for await (const { data } of messages(endless)) {
    assert.equal(data, "again");
    break;
  }
  assert.equal(isLeft, true);
});
