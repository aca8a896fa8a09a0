/** Light or dark: as the system says, unless a person has chosen. */

const CHOSEN = "tonearm.theme";

/** @returns {"system" | "light" | "dark"} */
export function chosenTheme() {
  return localStorage.getItem(CHOSEN) ?? "system";
}

/** Choose for this browser. @param {"system" | "light" | "dark"} theme */
export function chooseTheme(theme) {
  if (theme === "system") localStorage.removeItem(CHOSEN);
  else localStorage.setItem(CHOSEN, theme);
  apply();
}

function apply() {
  const theme = chosenTheme();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

apply();
