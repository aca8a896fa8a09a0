/** How long a recording is that lies on this device, as far as the browser can play it. */

const PATIENCE = 5000; // milliseconds

/** @param {File} file @returns {Promise<number | null>} its seconds; null if the browser cannot tell. */
export async function secondsOf(file) {
  const address = URL.createObjectURL(file);
  const player = Object.assign(document.createElement("video"), { preload: "metadata", src: address });
  await new Promise((resolve) => {
    player.onloadedmetadata = player.onerror = resolve;
    setTimeout(resolve, PATIENCE);
  });
  const { duration } = player;
  player.removeAttribute("src");
  player.load(); // lets go of the file
  setTimeout(() => URL.revokeObjectURL(address), PATIENCE); // a player that still reads would complain
  return Number.isFinite(duration) && duration > 0 ? duration : null;
}
