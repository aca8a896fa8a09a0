/** Coming to another place: the focus comes along, so that readers of screens hear where they are. */

/**
 * Move the focus to the heading of what is painted next, unless somebody has begun to fill it in. What is seen does not
 * move: the way back leads to where one was in a list.
 */
export function arrive() {
  requestAnimationFrame(() => {
    if (document.activeElement.matches("#content :is(input, select, textarea)")) return;
    const content = document.getElementById("content");
    const heading = content.querySelector("h1") ?? content;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  });
}
