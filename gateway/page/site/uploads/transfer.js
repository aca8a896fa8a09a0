/**
 * One upload, by tus. It is sent in pieces; the server keeps what has come, also when a piece breaks off.
 *
 * It tries nothing again by itself but a request whose session had expired: what to do after a failure is decided in
 * one place, `failures.js`.
 */

import { Problem, ask, renewed } from "../server/api.js";
import { sessionEnded } from "../server/session.js";

/** Bytes of a piece: what a reload loses at most. */
const PIECE = 8_000_000;
const ENDPOINT = new URL("files", document.baseURI).href;
const VERSION = { "Tus-Resumable": "1.0.0" };
/** Milliseconds without a sign of life after which a connection is given up: a lost network may not say so. */
const SILENCE = 60_000;
const LOOK = 5000;

/** Where the server stands with an upload: its bytes, and whether that is all. Throws Problem, Offline. */
export async function standing(url) {
  const { headers } = await ask(url, { method: "HEAD", headers: VERSION });
  const sent = Number(headers.get("Upload-Offset"));
  return { sent, isWhole: sent === Number(headers.get("Upload-Length")) };
}

/** Remove an upload from the server. Throws Problem, Offline. */
export function terminate(url) {
  return ask(url, { method: "DELETE", headers: VERSION });
}

/** The most bytes that a file may have, null if the server does not say. Throws Problem, Offline. */
export async function mostBytes() {
  const response = await ask("files", { method: "OPTIONS" });
  await response.text(); // or the browser takes it for broken off
  return Number(response.headers.get("Tus-Max-Size")) || null;
}

export class Transfer {
  #file;
  #metadata;
  #on;
  #url;
  #upload = null;
  #isCreating = false;
  #isWanted = false;
  #isRenewed = false; // the session, since the server last took something
  #askedAt = 0;
  #heardAt = 0;
  #watch = 0;

  /**
   * @param {File} file
   * @param {{url: string | null, metadata: object}} how
   * @param {{created: Function, progress: Function, done: Function, failed: Function}} on `created(url)`,
   *   `progress(bytes)`, `done()`, `failed({status, retryAfter, isKnown, problem})`
   */
  constructor(file, { url, metadata }, on) {
    this.#file = file;
    this.#metadata = metadata;
    this.#url = url;
    this.#on = on;
  }

  /** Begin, or go on where the server stands. */
  async start() {
    this.#isWanted = true;
    const tus = await library().catch(() => null);
    if (!this.#isWanted || this.#isCreating) return;
    this.#drop();
    if (!tus) return this.#fail({ status: 0 });
    this.#isCreating = !this.#url;
    this.#heardAt = Date.now();
    this.#watch = setInterval(() => this.#look(), LOOK);
    this.#upload = new tus.Upload(this.#file, {
      ...(this.#url ? { uploadUrl: this.#url } : { endpoint: ENDPOINT, metadata: this.#metadata }),
      chunkSize: PIECE,
      retryDelays: null,
      storeFingerprintForResuming: false,
      onBeforeRequest: () => { this.#askedAt = this.#heardAt = Date.now(); },
      onUploadUrlAvailable: () => this.#created(),
      onProgress: (sent) => {
        this.#heardAt = Date.now();
        this.#on.progress(sent);
      },
      onChunkComplete: () => { this.#isRenewed = false; },
      onSuccess: () => {
        this.#drop();
        this.#on.done();
      },
      onError: (error) => this.#failed(error),
    });
    this.#upload.start();
  }

  /** Stop. An upload that is just being created is stopped when its address is known. */
  stop() {
    this.#isWanted = false;
    if (!this.#isCreating) this.#drop();
  }

  /** Give it up, and remove what has come from the server. */
  async cancel() {
    this.stop();
    this.#on = { ...SILENT, created: (url) => terminate(url).catch(() => {}) }; // else it expires
    if (this.#url) await terminate(this.#url);
  }

  #created() {
    this.#isCreating = false;
    if (this.#url !== this.#upload.url) this.#on.created((this.#url = this.#upload.url));
    if (this.#isWanted) this.#upload.options.endpoint = null; // or it would begin anew where it cannot go on
    else this.#drop();
  }

  async #failed({ originalResponse: response, causingError, message }) {
    this.#isCreating = false;
    const status = response?.getStatus() ?? 0;
    if (!status) console.warn(causingError ?? message);
    if (status === 401 && this.#isWanted && !this.#isRenewed) {
      this.#isRenewed = true;
      const isBack = await renewed(this.#askedAt).catch(() => null);
      if (isBack) return this.start();
      if (isBack === false) return sessionEnded();
      return this.#fail({ status: 0 });
    }
    const isThere = status !== 0 || (await isReadable(this.#file));
    this.#fail({
      status,
      isThere,
      retryAfter: Number(response?.getHeader("Retry-After")) || 0,
      problem: status ? new Problem(status, told(response)) : null,
    });
  }

  #fail(failure) {
    this.#isCreating = false; // of a request that is given up, the library tells nothing more
    this.#drop();
    if (!this.#isWanted) return;
    this.#isWanted = false;
    this.#on.failed({ retryAfter: 0, problem: null, isThere: true, isKnown: Boolean(this.#url), ...failure });
  }

  #look() {
    if (Date.now() - this.#heardAt > SILENCE) this.#fail({ status: 0 });
  }

  /** Let go of the connection. */
  #drop() {
    clearInterval(this.#watch);
    this.#upload?.abort();
    this.#upload = null;
  }
}

const SILENT = { created() {}, progress() {}, done() {}, failed() {} };

async function library() {
  await import("../vendor/tus-js-client/dist/tus.min.js");
  return window.tus;
}

/** False if the file was changed or removed since it was chosen: then a browser sends none of it, and says nothing. */
async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function told(response) {
  try {
    return JSON.parse(response.getBody());
  } catch {
    return {};
  }
}
