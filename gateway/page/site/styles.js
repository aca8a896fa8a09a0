/** Styles of parts that are loaded when they are needed. */

const loaded = new Map();

/** Load a style of the page once: `styles(import.meta.url, "./admin.css")`. Resolves when it is applied. */
export function styles(base, path) {
  const href = new URL(path, base).href;
  if (!loaded.has(href)) {
    loaded.set(href, new Promise((resolve) => {
      const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
      link.onload = link.onerror = resolve;
      document.head.append(link);
    }));
  }
  return loaded.get(href);
}
