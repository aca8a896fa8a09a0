/** Server-sent events out of a stream of text. */

/**
 * Yield the messages of a stream of text (HTML standard, 9.2.6). Lines end as the server writes them. The stream is
 * left with the loop.
 */
export async function* messages(texts) {
  const reader = texts.getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const { id, event, data } = fieldsOf(block);
        if (data) yield { id, type: event, data: JSON.parse(data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function fieldsOf(block) {
  return Object.fromEntries(block.split("\n").map((line) => {
    const at = line.indexOf(": ");
    return [line.slice(0, at), line.slice(at + 2)];
  }));
}
