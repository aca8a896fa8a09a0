import assert from "node:assert/strict";
import { test } from "node:test";
import { afterFailure } from "../../../../gateway/page/site/uploads/failures.js";

const after = (status, more = {}, attempts = 0) => afterFailure({ status, retryAfter: 0, isKnown: true, ...more }, attempts);

test("a lost network is tried again for ever, ever more seldom", () => {
  const waits = [0, 1, 2, 3, 4, 50].map((attempts) => after(0, {}, attempts));
  assert.ok(waits.every(({ state }) => state === "offline"));
  assert.deepEqual(waits.map(({ seconds }) => seconds), [1, 2, 4, 8, 15, 15]);
});

test("so is a gateway that is away behind its proxy", () => {
  for (const status of [502, 503, 504]) assert.equal(after(status, {}, 50).state, "offline");
  assert.equal(after(503, { retryAfter: 30 }).seconds, 30);
});

test("a server that fails by itself is given up after a few tries", () => {
  assert.equal(after(500).state, "offline");
  assert.equal(after(500, {}, 5).state, "failed");
});

test("another place, or a rival, is asked for again", () => {
  for (const status of [409, 423]) assert.equal(after(status).state, "offline");
});

test("a full door holds everybody as long as it says", () => {
  assert.deepEqual(after(429, { retryAfter: 10 }), { state: "waiting", seconds: 10, isHeld: true });
  assert.equal(after(429).state, "refused");
});

test("what the server has forgotten begins anew, but only what it knew once", () => {
  for (const status of [404, 410]) {
    assert.deepEqual(after(status), { state: "waiting", isFresh: true });
    assert.equal(after(status, { isKnown: false }).state, "refused");
  }
});

test("what it does not take is refused at once", () => {
  for (const status of [400, 403, 413, 415, 422]) assert.equal(after(status).state, "refused");
});
