/** What of a drop or a paste is the address of a video. */

import assert from "node:assert/strict";
import test from "node:test";
import { addressIn } from "../../../../gateway/page/site/imports/address.js";

test("one address, and nothing else, is one", () => {
  for (const text of ["https://example.org/talk.mp4", " HTTP://example.org/?a=b#c \n", "# of a link\r\nhttps://example.org/a\r\nhttps://example.org/b"])
    assert.match(addressIn(text), /^https?:\/\/example\.org\//i);
  for (const text of ["", "talk.mp4", "see https://example.org/", "https://example.org/ and more", "javascript:alert(1)", "file:///a", "https://", "#https://example.org/"])
    assert.equal(addressIn(text), null, text);
});
