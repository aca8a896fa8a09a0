/**
 * Where a person is: `#/jobs/ID?at=4711`. Places are kept behind the hash, so the page is one document, and works
 * under any path prefix and after a reload.
 */

/** @returns {{name: string, rest: string[], query: URLSearchParams, address: string}} `name` is "" at home. */
export function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").map(decoded);
  return { name, rest, query: new URLSearchParams(query), address: `#/${path}` };
}

/** Go to a place: `go("jobs", id)`. */
export function go(...path) {
  location.hash = addressOf(...path);
}

/** The address of a place, for links. */
export function addressOf(...path) {
  return `#/${path.map(encodeURIComponent).join("/")}`;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // somebody typed a lone percent sign
  }
}
