// Reads a mail on standard input as mail programs do, and prints what they make of it.
const { simpleParser } = require("mailparser");

simpleParser(process.stdin).then(({ subject, text, html, headers }) => {
  console.log(JSON.stringify({ subject, text, html, list: headers.get("list") }));
});
