/** One repaint a frame, however many things have changed. */

let draw = () => {};
let asked = false;

/** Say what draws the page; it is drawn at once. */
export function paintWith(drawing) {
  draw = drawing;
  draw();
}

/** Draw the page again before the next frame: something that it shows has changed. */
export function repaint() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw();
  });
}
