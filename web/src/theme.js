// Light and dark: what the system asks for, until the button is pressed.

const names = ["page", "panel", "ink", "faint", "line", "grid", "blue", "orange", "purple", "grey", "red", "green", "low", "high"];
const listeners = [];

/** The colours of the style sheet, by name. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

export const onTheme = (listener) => listeners.push(listener);

export function startTheme(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  const apply = () => {
    const theme = chosen ?? (system.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to ${theme === "dark" ? "light" : "dark"} colours`);
    for (const listener of listeners) listener();
  };
  button.addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}
