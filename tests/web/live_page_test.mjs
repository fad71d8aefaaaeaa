// `oneproxy report DIR --serve`: a campaign that is running, and its result when it is done.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { launch, open, seriousViolations, start, temporaryFolder } from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

async function until(what, condition, seconds = 60) {
  for (let i = 0; i < seconds * 20; ++i) {
    if (await condition()) return;
    await sleep(50);
  }
  assert.fail(`waited for ${what}`);
}

async function serve(t, folder) {
  const server = start(t, "report", folder, "--serve", "--port", "0", "--json");
  let text = "";
  server.stdout.on("data", (data) => { text += data; });
  await until("the address", () => text.includes("}"));
  return { server, address: JSON.parse(text).address };
}

test("a running campaign is shown live, then its result", async (t) => {
  const folder = temporaryFolder(t);
  const run = start(t, "run", "--quiet", "--target", "onednn", "--method", "eqn3", "--samples", "40", "--max-samples", "40", "--front", "4", "--generations", "10",
    "--min-runs", "30", "--tolerance", "1e-9", "--budget-ms", "400", "--out", folder);
  await until("the first measurement", () => existsSync(join(folder, "live.json")) && readFileSync(join(folder, "live.json"), "utf8").includes("sample"));
  const { server, address } = await serve(t, folder);
  const { page, faults } = await open(browser, address);
  await page.waitForSelector("#live .tile");
  const count = async () => Number(await page.textContent("#live .tile b"));
  const before = await count();
  assert.ok(before >= 1);
  assert.deepEqual(await seriousViolations(page), []);
  if (run.exitCode === null) await page.waitForFunction((n) => !document.querySelector("#live .tile b") || Number(document.querySelector("#live .tile b").textContent) > n, before);
  await until("the result", () => existsSync(join(folder, "result.json")), 120);
  await page.waitForSelector("#chart-front svg", { timeout: 60000 });
  const result = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
  const shown = await page.evaluate(() => window.oneproxy.figures.get("front").chart.getOption().series.find((s) => s.name === "front").data.map(([x]) => x));
  assert.deepEqual(shown, result.front.map((n) => n.latency_ms.median));
  await until("the live part to go", async () => (await page.locator("#live").count()) === 0);
  assert.ok(!existsSync(join(folder, "live.json")));
  assert.deepEqual(faults, []);

  const onnx = await fetch(address + result.front[0].onnx);
  assert.deepEqual(Buffer.from(await onnx.arrayBuffer()), readFileSync(join(folder, result.front[0].onnx)));
  // Nothing else of the folder or of the disk, and nothing for another name.
  for (const path of ["measurements.sqlite", "..%2fresult.json", "%2e%2e/etc/passwd"]) {
    assert.equal((await fetch(address + path)).status, 404, path);
  }
  const { request } = await import("node:http");
  const status = await new Promise((resolve) => request(address, { headers: { Host: "elsewhere.example" } }, (answer) => { answer.resume(); resolve(answer.statusCode); }).end());
  assert.equal(status, 403);

  server.kill("SIGINT");
  await until("the server to end", () => server.exitCode !== null, 10);
  assert.equal(server.exitCode, 0);
});
