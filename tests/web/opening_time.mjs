// node opening_time.mjs FOLDER - how long the page in FOLDER takes from the request to the last figure; nine times, in ms.
import { join } from "node:path";
import { launch, open } from "./browser.mjs";

const browser = await launch();
const times = [];
for (let i = 0; i < 9; ++i) {
  const start = performance.now();
  const { page, context } = await open(browser, join(process.argv[2], "index.html"));
  await page.waitForFunction(() => document.getElementById("footer").textContent !== "" && document.querySelectorAll(".chart svg").length === window.oneproxy.figures.size);
  times.push(Math.round(performance.now() - start));
  await context.close();
}
times.sort((a, b) => a - b);
console.log(`median ${times[4]} ms, ${times[0]} to ${times[8]} ms`);
await browser.close();
