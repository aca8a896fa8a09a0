/** A name that nothing else has. `crypto.randomUUID` is kept from pages that come over plain HTTP. */
export function newId() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
