// Opens pages in headless Chromium and notes what they must not do.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The packages lie in the build folder, where the tests are started.
const require = createRequire(join(process.cwd(), "package.json"));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const program = process.env.ONEPROXY_PROGRAM;

export function chromiumPath() {
  return [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .find((path) => path && existsSync(path));
}

/** A folder that is removed at the end of `t`. */
export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), "oneproxy-web-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `oneproxy ARGUMENTS...` and returns what it printed. */
export function oneproxy(...args) {
  const done = spawnSync(program, args, { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`oneproxy ${args.join(" ")}: status ${done.status}, ${done.stderr}`);
  return done.stdout;
}

/** Starts `oneproxy ARGUMENTS...`; it is ended with `t`. */
export function start(t, ...args) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGINT"));
  return child;
}

export async function launch() {
  return chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox", "--disable-gpu"] });
}

/**
 * Opens a page. `faults` of the answer are console errors, exceptions and requests to anywhere but `address` itself;
 * from disk the browser is offline.
 */
export async function open(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  const fromDisk = !address.startsWith("http");
  const origin = fromDisk ? "file://" : new URL(address).origin;
  const faults = [];
  page.on("console", (message) => { if (message.type() === "error") faults.push(`console: ${message.text()}`); });
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) faults.push(`request: ${url}`);
  });
  if (fromDisk) await context.setOffline(true);
  await page.goto(fromDisk ? pathToFileURL(address).href : address);
  return { page, context, faults };
}

/** Violations that axe-core finds and calls serious or critical. */
export async function seriousViolations(page) {
  // Through the debugger's own world the page's content security policy does not matter.
  await page.evaluate(axeSource + "; void 0");
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")}`);
}

/** Clicks what saves a file, and returns its name and text. */
export async function downloaded(page, selector) {
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 120000 }), page.click(selector)]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
}
