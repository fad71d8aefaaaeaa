// The page of a fleet: what it shows is what its files hold, and 2,000 devices open quickly.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { downloaded, launch, oneproxy, open, seriousViolations, temporaryFolder } from "./browser.mjs";

let browser;
let folder;
let result;
let devices;
let networks;

before(async () => {
  browser = await launch();
  const work = temporaryFolder({ after() {} });
  writeFileSync(join(work, "fleet.json"), JSON.stringify({ devices: [{ simulate: 2000 }], searches: 4, limits: 5, front: 10 }));
  folder = join(work, "out");
  oneproxy("fleet", join(work, "fleet.json"), "--quiet", "--out", folder);
  oneproxy("report", folder);
  result = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
  devices = readFileSync(join(folder, "devices.jsonl"), "utf8").trimEnd().split("\n").slice(1).map((line) => JSON.parse(line));
  networks = readFileSync(join(folder, "networks.csv"), "utf8").trimEnd().split("\n").slice(1).map((line) => line.split(","));
});
after(() => browser?.close());

const series = (page, figure, name) => page.evaluate(([f, n]) =>
  window.oneproxy.figures.get(f).chart.getOption().series.find((s) => s.name === n).data, [figure, name]);

test("figures equal the files, without errors or requests", async () => {
  const { page, context, faults } = await open(browser, join(folder, "index.html"));
  await page.waitForSelector("#chart-matrix svg");
  const blocks = await series(page, "matrix", "srcc");
  assert.equal(blocks.length, result.monotonicity.block_sizes.length ** 2);
  for (const [x, y, value] of blocks) assert.equal(value, result.monotonicity.blocks[y][x]);
  assert.deepEqual((await series(page, "coverage", "coverage")).map(([n, p]) => [n, p]), result.coverage.map((c, i) => [i + 1, 100 * c.share]));
  assert.deepEqual((await series(page, "quantiles", "all")).map(([q]) => q), result.monotonicity.all.quantiles);
  assert.deepEqual((await series(page, "cost", "cost")).map((r) => r.value), result.cost.rows.map((r) => r.machine_hours));
  assert.deepEqual((await series(page, "limits", "median")).map((row) => row[1]), result.limits.filter((l) => l.deciles.length).map((l) => l.deciles[5]));
  const adapted = devices.filter((d) => d.srcc.after !== null);
  if (adapted.length > 0) assert.deepEqual((await series(page, "adaptation", "adaptation")).map(([a, b]) => [a, b]), adapted.map((d) => [d.srcc.before, d.srcc.after]));
  assert.deepEqual(faults, []);
  await context.close();
});

test("each device is found by its name, with its front and its network", async () => {
  const { page, context } = await open(browser, join(folder, "index.html"));
  for (const device of [devices[0], devices[1234], devices[1999]]) {
    await page.fill("#device", device.device);
    assert.deepEqual((await series(page, "front", "front")).map(([x, y, text]) => [x, y, text]),
      device.front.map(([network, latency]) => [latency, Number(networks[network][1]), networks[network][2]]));
    assert.equal(await page.textContent("#network h3"), device.device);
    assert.ok((await page.textContent("#network dl")).includes(networks[device.front[0][0]][2]));
  }
  const csv = await downloaded(page, `#figure-front button:text-is("CSV")`);
  assert.equal(csv.text.trimEnd().split("\n").length, 1 + devices[1999].front.length);
  await context.close();
});

test("axe-core finds nothing serious, and a phone does not scroll sideways", async () => {
  for (const options of [{ colorScheme: "light" }, { colorScheme: "dark", viewport: { width: 360, height: 740 } }]) {
    const { page, context } = await open(browser, join(folder, "index.html"), options);
    await page.waitForSelector("#chart-matrix svg");
    assert.deepEqual(await seriousViolations(page), []);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= page.viewportSize().width);
    await context.close();
  }
});
