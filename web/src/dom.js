// Elements, and texts of numbers.

/** h("p", {class: "lead"}, "text", otherElement): attributes that are functions become listeners. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

/** `digits` significant digits without an exponent; a dash where it is not known. */
export function number(value, digits = 4) {
  return known(value) ? String(Number(value.toPrecision(digits))) : "\u2013";
}
export const ms = (value) => `${number(value)} ms`;
export const percent = (value) => (known(value) ? `${value.toFixed(2)}%` : "\u2013");

export function duration(seconds) {
  if (!known(seconds)) return "\u2013";
  if (seconds < 0.01) return "under 10 ms";
  if (seconds < 90) return `${number(seconds, 3)} s`;
  if (seconds < 5400) return `${number(seconds / 60, 3)} min`;
  return `${number(seconds / 3600, 3)} h`;
}

/** An SRCC with its interval. */
export function srccText(estimate) {
  if (!estimate) return "not estimated";
  return `${number(estimate.srcc, 3)} (${Math.round(100 * estimate.confidence)}% interval ${number(estimate.low, 3)} to ` +
    `${number(estimate.high, 3)}, ${estimate.samples} networks)`;
}

/** Gives `text` to the user as a file. */
export function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000); // a busy machine may take a while to read it
}

const quoted = (cell) => {
  const text = cell === null || cell === undefined ? "" : String(cell);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
export const csvText = (columns, rows) => [columns, ...rows].map((row) => row.map(quoted).join(",") + "\n").join("");

export function escapeHtml(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
