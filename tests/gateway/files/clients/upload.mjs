// Uploads a file by tus-js-client: upload.mjs FILE URL TOKEN. Prints the upload's address.
import { createReadStream, statSync } from "node:fs";
import { createRequire } from "node:module";

const { Upload } = createRequire(`${process.env.TOOLS}/`)("tus-js-client");
const [path, endpoint, token] = process.argv.slice(2);

const upload = new Upload(createReadStream(path), {
  endpoint,
  uploadSize: statSync(path).size,
  retryDelays: Array(120).fill(500),
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: "video.mp4", filetype: "video/mp4", format: "opus" },
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log(upload.url);
  },
});
upload.start();
