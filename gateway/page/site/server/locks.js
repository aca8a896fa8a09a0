/**
 * Web Locks, by which tabs agree. A page that came over plain HTTP has none; each of its tabs is then by itself.
 */

export const locks = navigator.locks ?? {
  request: async (name, ...rest) => rest.at(-1)(),
  query: async () => ({ held: [] }),
};
