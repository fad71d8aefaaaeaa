// The page of a run: what it shows is what result.json holds, and its controls work.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { downloaded, launch, oneproxy, open, seriousViolations, temporaryFolder } from "./browser.mjs";

let browser;
const folders = {};
const results = {};

before(async () => {
  browser = await launch();
  const keep = { after() {} };
  // A device on paper: the same everywhere, with a proxy that ranks otherwise. An engine: repeats and noise.
  folders.paper = temporaryFolder(keep);
  oneproxy("run", "--quiet", "--target", "roofline(device=taba)", "--proxy", "onednn-avx2", "--samples", "30", "--max-samples", "30", "--front", "8",
    "--generations", "20", "--limit-ms", "2.5", "--limit-ms", "0.001", "--out", folders.paper);
  folders.engine = temporaryFolder(keep);
  oneproxy("run", "--quiet", "--target", "onednn", "--samples", "12", "--max-samples", "12", "--front", "5", "--generations", "10", "--min-runs", "10",
    "--budget-ms", "20", "--out", folders.engine);
  for (const [name, folder] of Object.entries(folders)) results[name] = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
});
after(() => browser?.close());

const index = (name) => join(folders[name], "index.html");
/** The data of one series of a figure, as the chart holds it. */
const series = (page, figure, name) => page.evaluate(([f, n]) =>
  window.oneproxy.figures.get(f).chart.getOption().series.find((s) => s.name === n)?.data ?? null, [figure, name]);
/** Where a point of the front stands in the window. */
const place = async (page, x, y) => {
  await page.locator("#chart-front").scrollIntoViewIfNeeded();
  return page.evaluate(([px, py]) => {
    const [left, top] = window.oneproxy.figures.get("front").chart.convertToPixel("grid", [px, py]);
    const box = document.getElementById("chart-front").getBoundingClientRect();
    return [box.left + left, box.top + top];
  }, [x, y]);
};

for (const name of ["paper", "engine"]) {
  test(`${name}: points equal result.json, without errors or requests`, async () => {
    const result = results[name];
    const { page, context, faults } = await open(browser, index(name));
    await page.waitForSelector("#chart-front svg");
    assert.deepEqual((await series(page, "front", "front")).map(([x, y]) => [x, y]), result.front.map((n) => [n.latency_ms.median, n.accuracy]));
    assert.deepEqual(await series(page, "before", "before"), result.samples.map((s) => [s.proxy_latency, s.latency_ms.median, s.text]));
    assert.deepEqual(await series(page, "after", "after"), result.samples.map((s) => [s.predicted_latency, s.latency_ms.median, s.text]));
    const further = result.samples.length - result.srcc.before.samples;
    assert.equal((await page.textContent("#figure-before")).includes(`${further} more points`), further > 0);
    if (name === "paper") assert.ok(further > 0, "the posterior chose samples for the front, without which the SRCC is told");
    assert.deepEqual((await series(page, "roofline", "samples")).map(([x]) => x), result.samples.map((s) => s.flops / s.bytes));
    assert.deepEqual((await series(page, "curve", "proxy")).map(([n, r]) => [n, r]), result.srcc_by_samples.map((p) => [p.samples, p.before.srcc]));
    assert.equal((await series(page, "matrix", "srcc")).length, result.devices.names.length ** 2);
    for (const { value: [x, y, srcc] } of await series(page, "matrix", "srcc")) {
      const names = await page.evaluate(() => window.oneproxy.figures.get("matrix").chart.getOption().xAxis[0].data);
      const [i, j] = [result.devices.names.indexOf(names[y]), result.devices.names.indexOf(names[x])];
      assert.equal(srcc, result.devices.srcc[i][j]);
    }
    if (result.repeats.length > 0) {
      assert.deepEqual((await series(page, "repeats", "repeats")).map(([x, y]) => [x, y]), result.repeats.map((r) => [r.first.median, r.again.median]));
    }
    assert.deepEqual(await series(page, "layers", "layers"), result.layers.networks[0].map((l) => l.ms));
    assert.deepEqual(faults, []);
    await context.close();
  });

  test(`${name}: axe-core finds nothing serious, light, dark and on a phone`, async () => {
    for (const options of [{ colorScheme: "light" }, { colorScheme: "dark" }, { colorScheme: "light", viewport: { width: 360, height: 740 } }]) {
      const { page, context, faults } = await open(browser, index(name), options);
      await page.waitForSelector("#chart-front svg");
      for (const summary of await page.locator("summary").all()) await summary.click();
      assert.deepEqual(await seriousViolations(page), [], JSON.stringify(options));
      assert.deepEqual(faults, []);
      await context.close();
    }
  });
}

test("a click on each point chooses that network", async () => {
  const { page, context } = await open(browser, index("paper"));
  for (const [i, network] of results.paper.front.entries()) {
    const [x, y] = await place(page, network.latency_ms.median, network.accuracy);
    await page.mouse.click(x, y);
    assert.equal(await page.textContent("#network h3"), `Network ${i + 1}`);
    assert.ok((await page.textContent("#network dl")).includes(network.text));
    assert.equal(await page.getAttribute("#onnx", "href"), network.onnx);
    assert.equal(await page.locator("#network .drawing svg rect:not([stroke])").count(), network.text.split(/[-.]/).length, "one block each");
  }
  await context.close();
});

test("hovering shows the architecture", async () => {
  const { page, context } = await open(browser, index("paper"));
  const network = results.paper.front[2];
  const [x, y] = await place(page, network.latency_ms.median, network.accuracy);
  await page.mouse.move(x, y);
  await page.waitForSelector(".tip svg");
  assert.ok((await page.textContent(".tip")).includes(network.text));
  await context.close();
});

test("predicted, proxy-only and removed networks are switched on and off", async () => {
  const { page, context } = await open(browser, index("paper"));
  for (const kind of ["predicted", "proxy_only", "removed"]) {
    const wanted = results.paper[kind];
    assert.equal(await series(page, "front", kind), null);
    if (wanted.length === 0) {
      assert.ok(await page.isDisabled(`#show-${kind}`));
      continue;
    }
    await page.check(`#show-${kind}`);
    assert.deepEqual((await series(page, "front", kind)).map(([x, y]) => [x, y]),
      wanted.map((n) => (kind === "removed" ? [n.latency_ms.median, n.accuracy] : [n.latency_ms, n.accuracy])));
    await page.uncheck(`#show-${kind}`);
    assert.equal(await series(page, "front", kind), null);
  }
  assert.ok(results.paper.predicted.length > 0 && results.paper.proxy_only.length > 0, "the run has what is switched on");
  await context.close();
});

test("a limit chooses the most accurate network within it", async () => {
  const { page, context } = await open(browser, index("paper"));
  const front = results.paper.front;
  for (const [i, network] of front.entries()) {
    await page.fill("#limit-number", String(network.latency_ms.median * 1.0001));
    assert.ok((await page.textContent("#limit-answer")).startsWith(`network ${i + 1}:`));
    assert.equal(await page.textContent("#network h3"), `Network ${i + 1}`);
  }
  await page.fill("#limit-number", String(front[0].latency_ms.median * 0.9));
  assert.match(await page.textContent("#limit-answer"), /no measured network is that fast/);
  // The slider, by keyboard: its end is beyond the slowest network.
  await page.focus("#limit");
  await page.keyboard.press("End");
  assert.equal(await page.textContent("#network h3"), `Network ${front.length}`);
  await context.close();
});

test("the keyboard alone walks along the front and chooses from the table", async () => {
  const { page, context } = await open(browser, index("paper"));
  await page.focus("#chart-front");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.getAttribute("#chart-front", "aria-valuenow"), "3");
  assert.equal(await page.textContent("#network h3"), "Network 3");
  await page.keyboard.press("End");
  assert.equal(await page.textContent("#network h3"), `Network ${results.paper.front.length}`);
  await page.locator("details summary", { hasText: "networks of the front" }).press("Enter");
  await page.locator("#row-1 button").press("Enter");
  assert.equal(await page.textContent("#network h3"), "Network 2");
  await context.close();
});

test("the layers belong to the network that is chosen", async () => {
  const { page, context } = await open(browser, index("paper"));
  for (const i of [1, 0]) {
    await page.evaluate((k) => document.querySelector(`#row-${k} button`).click(), i);
    assert.deepEqual(await series(page, "layers", "layers"), results.paper.layers.networks[i].map((l) => l.ms));
  }
  await context.close();
});

test("every figure is saved as SVG and as CSV", async () => {
  const { page, context } = await open(browser, index("engine"));
  const ids = await page.evaluate(() => [...window.oneproxy.figures.keys()]);
  assert.deepEqual([...ids].sort(), ["after", "before", "cost", "curve", "front", "layers", "matrix", "noise", "repeats", "roofline", "seconds"]);
  for (const id of ids) {
    // What the buttons save. Chromium drops some of two dozen downloads within seconds, so only the front's are clicked.
    const [svg, csv] = await page.evaluate((f) => [window.oneproxy.figures.get(f).svg(), window.oneproxy.figures.get(f).csv()], id);
    assert.equal(await page.locator(`#figure-${id} button:text-is("SVG"), #figure-${id} button:text-is("CSV")`).count(), 2);
    assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    assert.ok(svg.includes("<path"));
    const lines = csv.trimEnd().split("\n");
    assert.equal(lines.length, 1 + (await page.evaluate((f) => window.oneproxy.figures.get(f).rows().length, id)));
  }
  const picture = await downloaded(page, `#figure-front button:text-is("SVG")`);
  assert.equal(picture.name, "front.svg");
  assert.match(picture.text, /^<svg [^>]*>[^]*measured latency, ms[^]*<\/svg>\s*$/);
  const front = await downloaded(page, `#figure-front button:text-is("CSV")`);
  const rows = front.text.trimEnd().split("\n").map((line) => line.split(",")).filter(([kind]) => kind === "front");
  assert.deepEqual(rows.map(([, accuracy, latency]) => [Number(latency), Number(accuracy)]), results.engine.front.map((n) => [n.latency_ms.median, n.accuracy]));
  await context.close();
});

test("light and dark follow the system until the button is pressed", async () => {
  const { page, context } = await open(browser, index("paper"), { colorScheme: "dark" });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.click("#theme");
  const light = await background();
  assert.notEqual(light, dark);
  await page.emulateMedia({ colorScheme: "light" });
  assert.equal(await background(), light);
  await context.close();
});

test("a phone shows it without scrolling sideways", async () => {
  const { page, context } = await open(browser, index("paper"), { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  await page.waitForSelector("#chart-front svg");
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
  await context.close();
});

test("the architecture is copied as JSON", async () => {
  const { page, context } = await open(browser, index("paper"));
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.click("#copy-json");
  await page.waitForFunction(() => document.getElementById("copy-json").textContent === "Copied");
  assert.deepEqual(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())), results.paper.front[0].architecture);
  await context.close();
});

test("results of earlier versions and hostile texts are shown", async (t) => {
  const folder = temporaryFolder(t);
  const old = structuredClone(results.engine);
  for (const key of ["predicted", "proxy_only", "repeats", "devices", "srcc_by_samples", "roof", "layers", "cost"]) delete old[key];
  for (const s of old.samples) for (const key of ["flops", "bytes"]) delete s[key];
  for (const n of [...old.samples, ...old.front, ...old.removed]) for (const key of ["when", "median_low", "median_high"]) delete n.latency_ms[key];
  old.why = "</script><script>document.title = 'hostile'</script><!--";
  old.target = "<img src=x onerror=\"document.title='hostile'\">";
  writeFileSync(join(folder, "result.json"), JSON.stringify(old));
  oneproxy("report", folder);
  const { page, context, faults } = await open(browser, join(folder, "index.html"));
  await page.waitForSelector("#chart-front svg");
  assert.deepEqual((await series(page, "front", "front")).map(([x]) => x), old.front.map((n) => n.latency_ms.median));
  assert.equal(await page.title(), `oneproxy: ${old.target}`);
  assert.equal(await page.textContent("#part-monotonicity .lead"), old.why);
  assert.ok((await page.locator(".absent").count()) >= 5, "what is missing is said");
  assert.deepEqual(faults, []);
  await context.close();
});
