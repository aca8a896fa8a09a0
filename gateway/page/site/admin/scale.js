/** From numbers to lines of a plot. Pure. */

/** The units in which lines are drawn. */
export const WIDTH = 600;
export const HEIGHT = 120;
const ROUND = [1, 2, 3, 4, 5, 6, 8, 10];

/** The highest value to draw up to: the next round number */
export function ceiling(values) {
  const most = Math.max(0, ...values.filter((value) => value !== null));
  if (most <= 0) return 1;
  const step = 10 ** Math.floor(Math.log10(most));
  return ROUND.map((each) => each * step).find((each) => each >= most);
}

/** The path of a line in SVG, broken at gaps; a value alone between gaps is a short stroke. */
export function path(values, top, width = WIDTH, height = HEIGHT) {
  const x = (at) => (values.length > 1 ? (at / (values.length - 1)) * width : width / 2).toFixed(1);
  const y = (value) => (height - (Math.min(value, top) / top) * height).toFixed(1);
  let drawn = "";
  values.forEach((value, at) => {
    if (value === null) return;
    const begins = at === 0 || values[at - 1] === null;
    const isAlone = begins && (at === values.length - 1 || values[at + 1] === null);
    drawn += `${begins ? "M" : "L"}${x(at)} ${y(value)}${isAlone ? "m-3 0h6" : ""}`;
  });
  return drawn;
}
