// Reads {secret, body, headers} on standard input as a receiver of webhooks does; ends with 1 if it would refuse it.
const { Webhook } = require("svix");

let told = "";
process.stdin.on("data", (piece) => (told += piece));
process.stdin.on("end", () => {
  const { secret, body, headers } = JSON.parse(told);
  try {
    console.log(JSON.stringify(new Webhook(secret).verify(body, headers) ?? null));
  } catch (error) {
    console.error(`${error}`);
    process.exit(error.constructor.name.includes("Verification") ? 1 : 2);
  }
});
