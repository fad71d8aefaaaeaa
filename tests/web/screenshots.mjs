// node screenshots.mjs RUN_FOLDER FLEET_FOLDER OUT_FOLDER - the pictures of docs/images, from pages that oneproxy wrote.
// Started, like the tests, where the packages are: build/web-tests; the browser's path in CHROMIUM.
import { join } from "node:path";
import { launch, open } from "./browser.mjs";

const [run, fleet, out] = process.argv.slice(2);
const shots = [
  ["report-front.png", run, { colorScheme: "light", viewport: { width: 1280, height: 940 } }, "front"],
  ["report-monotonicity.png", run, { colorScheme: "light", viewport: { width: 1280, height: 980 } }, "#part-monotonicity"],
  ["report-phone.png", run, { colorScheme: "dark", viewport: { width: 390, height: 844 } }, "top"],
  ["report-fleet.png", fleet, { colorScheme: "light", viewport: { width: 1280, height: 1700 } }, "top"],
];
const browser = await launch();
for (const [name, folder, options, what] of shots) {
  const { page, context } = await open(browser, join(folder, "index.html"), options);
  await page.waitForSelector(".chart svg");
  if (what === "front") {
    for (const kind of ["predicted", "proxy_only", "removed"]) {
      if (await page.isEnabled(`#show-${kind}`)) await page.check(`#show-${kind}`);
    }
  }
  const target = what.startsWith("#") ? page.locator(what) : page;
  await target.screenshot({ path: join(out, name), animations: "disabled" });
  await context.close();
}
await browser.close();
