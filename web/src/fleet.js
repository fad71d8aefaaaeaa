// The page of a fleet (docs/formats/fleet.md): how alike its devices are, who serves whom, and what each should run.
import { duration, escapeHtml, h, known, ms, number, percent } from "./dom.js";
import { range } from "./data.js";
import { addFigure, base } from "./figure.js";
import { drawing } from "./architecture.js";
import { tile } from "./cost.js";

const share = (value) => (known(value) ? `${number(100 * value, 3)}%` : "\u2013");
const hours = (value) => (value < 1 ? duration(3600 * value) : `${number(value, 3)} h`);

function blocks(section, { blocks: srcc, block_sizes: sizes }) {
  const cells = srcc.flatMap((row, y) => row.map((value, x) => [x, y, value]));
  const values = cells.map(([, , v]) => v).filter(known);
  const lowest = Math.min(0.9, ...values); // of the colours
  addFigure(section, {
    id: "matrix", title: "Monotonicity of the devices", note: "Mean SRCC of blocks of devices, in the order of the clusters.",
    columns: ["block", ...sizes.map((_, i) => String(i + 1))], rows: () => srcc.map((row, i) => [i + 1, ...row]),
    summary: () => `${sizes.length} by ${sizes.length} blocks; the lowest mean SRCC is ${number(Math.min(...values), 3)}.`,
    option: (c) => {
      const axis = { type: "category", data: sizes.map((_, i) => String(i + 1)), axisLabel: { show: false }, axisTick: { show: false } };
      const o = base(c, { ...axis, name: "blocks of devices" }, { ...axis, inverse: true, name: "blocks of devices" });
      o.grid = { left: 36, right: 12, top: 8, bottom: 36 };
      o.visualMap = { show: false, min: lowest, max: 1, inRange: { color: [c.low, c.high] } };
      o.tooltip.formatter = ({ value: [x, y, v] }) => `blocks ${y + 1} (${sizes[y]} devices) and ${x + 1} (${sizes[x]}): ${number(v, 3)}`;
      o.series = [{ type: "heatmap", name: "srcc", data: cells, progressive: 0 }];
      return o;
    },
  });
}

function quantiles(section, monotonicity, threshold) {
  const kinds = [["all", "blue"], ["fast", "green"], ["medium", "orange"], ["slow", "purple"]].filter(([kind]) => monotonicity[kind]?.quantiles?.length);
  if (kinds.length === 0) return;
  addFigure(section, {
    id: "quantiles", title: "SRCC of pairs of devices",
    note: kinds.map(([kind]) => `${kind}: ${share(monotonicity[kind].share_above)} of pairs at or above ${threshold}`).join("; ") + ".",
    columns: ["percent_of_pairs", ...kinds.map(([kind]) => kind)],
    rows: () => monotonicity[kinds[0][0]].quantiles.map((_, i) => [i, ...kinds.map(([kind]) => monotonicity[kind].quantiles[i])]),
    summary: () => kinds.map(([kind]) => `${kind}: median ${number(monotonicity[kind].quantiles[50], 3)}`).join("; ") + ".",
    option: (c) => {
      const o = base(c, { name: "SRCC", max: 1 }, { name: "% of pairs below", min: 0, max: 100 });
      o.tooltip.formatter = ({ seriesName, data: [x, y] }) => `${seriesName}: ${y}% of pairs below ${number(x, 3)}`;
      o.series = kinds.map(([kind, colour]) => ({ type: "line", name: kind, color: c[colour], symbolSize: 3, lineStyle: { width: kind === "all" ? 3 : 1.5 },
        data: monotonicity[kind].quantiles.map((q, i) => [q, i]) }));
      return o;
    },
  });
}

function coverage(section, result) {
  const points = result.coverage.map((p, i) => [i + 1, 100 * p.share, p.proxy]);
  addFigure(section, {
    id: "coverage", title: "How many proxies cover the fleet", note: `A proxy covers the devices that its ranking serves with SRCC ${result.threshold} or more.`,
    columns: ["proxies", "percent_of_devices", "proxy"], rows: () => points,
    summary: () => points.map(([n, p]) => `${n} proxies ${number(p, 3)}%`).slice(0, 10).join(", ") + ".",
    option: (c) => {
      const o = base(c, "proxies", { name: "% of devices", max: 100 });
      o.tooltip.formatter = ({ data: [n, p, name] }) => `${n}: ${escapeHtml(name)}, ${number(p, 4)}% covered`;
      o.series = [{ type: "line", name: "coverage", step: "end", data: points, color: c.blue, symbolSize: 6 }];
      return o;
    },
  });
}

function beforeAfter(section, devices) {
  const points = devices.filter((d) => known(d.srcc.before) && known(d.srcc.after)).map((d) => [d.srcc.before, d.srcc.after, d.device]);
  if (points.length === 0) return;
  addFigure(section, {
    id: "adaptation", title: "Adaptation", note: `${points.length} devices were adapted. Above the dotted line: better after it.`,
    columns: ["srcc_before", "srcc_after", "device"], rows: () => points,
    summary: () => `${points.length} devices; ${points.filter(([a, b]) => b > a).length} rank better after it.`,
    option: (c) => {
      const [low] = range(points.flatMap(([a, b]) => [a, b]));
      const o = base(c, { name: "SRCC before", max: 1, min: Math.floor(low * 20) / 20 }, { name: "SRCC after", max: 1, min: Math.floor(low * 20) / 20 });
      o.tooltip.formatter = ({ data: [x, y, name] }) => `${escapeHtml(name)}: ${number(x, 3)} \u2192 ${number(y, 3)}`;
      o.series = [{ type: "scatter", name: "adaptation", data: points, symbolSize: points.length > 500 ? 4 : 7, itemStyle: { color: c.blue, opacity: 0.6 },
        markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: c.faint, type: "dotted" }, data: [[{ coord: [low, low] }, { coord: [1, 1] }]] } }];
      return o;
    },
  });
}

function limits(section, result) {
  const rows = result.limits.map((l, i) => ({ ...l, at: l.limit_ms ?? i + 1 })).filter((l) => l.deciles?.length).map((l) => [l.at, l.deciles[5], l.deciles[1], l.deciles[9], l.devices]);
  if (rows.length === 0) return;
  const own = result.limits[0].limit_ms === null;
  addFigure(section, {
    id: "limits", title: "Accuracy within latency limits", note: "Median device; bars: from the lowest to the highest tenth.",
    columns: [own ? "limit_number" : "limit_ms", "median", "decile_1", "decile_9", "devices"], rows: () => rows,
    summary: () => `${rows.length} limits; median accuracy from ${percent(rows[0][1])} to ${percent(rows[rows.length - 1][1])}.`,
    option: (c) => {
      const o = base(c, own ? "limit of each device's own, from tight to loose" : "limit, ms", "accuracy, %");
      o.tooltip.formatter = ({ data }) => `${own ? "limit" : "ms"} ${number(data[0])}: median ${percent(data[1])}, ${percent(data[2])} to ${percent(data[3])}, ${data[4]} devices`;
      o.series = [{ type: "line", name: "median", data: rows, color: c.blue, symbolSize: 6, z: 3 },
        { type: "custom", name: "tenths", silent: true, data: rows, encode: { x: 0, y: [2, 3] }, renderItem: (_, api) => {
          const [x, y1] = api.coord([api.value(0), api.value(2)]);
          const [, y2] = api.coord([api.value(0), api.value(3)]);
          return { type: "path", shape: { pathData: `M${x} ${y1}V${y2}` }, style: { stroke: c.blue, fill: "none", lineWidth: 3, opacity: 0.4 } };
        } }];
      return o;
    },
  });
}

function cost(section, { cost: { rows } }) {
  addFigure(section, {
    id: "cost", title: "Machine-hours", note: "For the whole fleet; the last row is this method.",
    columns: ["algorithm", "formula", "machine_hours"], rows: () => rows.map((r) => [r.algorithm, r.formula, r.machine_hours]),
    summary: () => rows.map((r) => `${r.algorithm}: ${hours(r.machine_hours)}`).join("; ") + ".",
    option: (c) => {
      const o = base(c, { type: "log", name: "hours", scale: false }, { type: "category", inverse: true, data: rows.map((r) => r.algorithm) });
      o.grid = { left: 8, right: 20, top: 8, bottom: 44, containLabel: true };
      o.tooltip.formatter = ({ dataIndex }) => `${escapeHtml(rows[dataIndex].algorithm)}: ${escapeHtml(rows[dataIndex].formula)} = ${hours(rows[dataIndex].machine_hours)}`;
      o.series = [{ type: "bar", name: "cost", data: rows.map((r, i) => ({ value: r.machine_hours, itemStyle: { color: i === rows.length - 1 ? c.blue : c.grey } })),
        label: { show: true, position: "insideLeft", color: c.page, formatter: ({ dataIndex }) => hours(rows[dataIndex].machine_hours) } }];
      return o;
    },
  });
}

/** One device of the fleet, chosen by name: its front, and the network for a limit. */
function oneDevice(section, result) {
  const { device_lines: devices, networks } = result;
  let device = devices[0];
  let chosen = 0;
  const points = () => device.front.map(([network, latency]) => [latency, networks[network].accuracy, networks[network].architecture]);
  const panel = h("div", { class: "network", id: "network", "aria-live": "polite" });
  const names = new Map(devices.map((d) => [d.device, d]));
  const field = h("input", { type: "search", id: "device", list: "device-names", value: device.device, "aria-label": "Device",
    input: (event) => { if (names.has(event.target.value)) choose(names.get(event.target.value)); } });
  const controls = h("div", { class: "controls" }, h("label", { for: "device" }, "Device"), field,
    h("datalist", { id: "device-names" }, ...devices.map((d) => h("option", { value: d.device }))));
  const figure = addFigure(section, {
    id: "front", title: "One device", wide: true, controls,
    columns: ["latency_ms", "accuracy", "architecture"], rows: points,
    summary: () => `${device.device}: ${device.front.length} networks on its front.`,
    option: (c) => {
      const o = base(c, "predicted latency, ms", "accuracy, %");
      o.tooltip.formatter = ({ data: [x, y, text] }) => `<div class="tip">${percent(y)}, ${ms(x)}<div class="drawing">${drawing(result.space, text)}</div></div>`;
      o.series = [{ type: "line", name: "front", step: "end", data: points(), color: c.blue, symbol: "circle", symbolSize: 9 }];
      if (points()[chosen]) o.series.push({ type: "scatter", name: "chosen", data: [points()[chosen]], symbolSize: 16, itemStyle: { color: c.blue, borderColor: c.ink, borderWidth: 2 } });
      return o;
    },
  });
  figure.chart.on("click", ({ seriesName, dataIndex }) => { if (seriesName === "front") pick(dataIndex); });
  section.append(h("div", { class: "wide" }, panel));

  function pick(i) {
    chosen = i;
    figure.draw();
    const [latency, accuracy, text] = points()[i] ?? [];
    const picture = h("div", { class: "drawing" });
    if (text !== undefined) picture.innerHTML = drawing(result.space, text);
    const pair = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
    const within = device.limits.filter(([, network]) => network !== null).map(([limit, network]) => `${ms(limit)}: ${percent(networks[network].accuracy)}`);
    panel.replaceChildren(h("div", {}, h("h3", {}, device.device), picture), h("dl", {},
      ...pair("network", text === undefined ? "none" : `${percent(accuracy)} in ${ms(latency)}`), ...pair("architecture", text ?? "\u2013"),
      ...pair("proxy", `${device.proxy}, SRCC ${number(device.srcc.before, 3)}` + (known(device.srcc.after) ? `, adapted ${number(device.srcc.after, 3)}` : "")),
      ...pair("cluster", known(device.cluster) ? `${device.cluster + 1}, SRCC with its proxy ${number(device.cluster_srcc, 3)}` : "none"),
      ...pair("limits", within.slice(0, 12).join("; ") || "none met")));
  }
  function choose(other) {
    device = other;
    figure.say(`${device.source}, ${device.samples} samples, ${device.decision}. Click a point to see the network.`);
    pick(0);
  }
  choose(device);
}

export function showFleet(result, main, part) {
  document.title = `oneproxy: ${result.device_count} devices`;
  document.getElementById("subtitle").textContent = `A fleet of ${result.device_count} devices, ${result.space}`;
  const last = result.coverage[result.coverage.length - 1];
  const mine = result.cost.rows[result.cost.rows.length - 1];
  main.append(h("div", { class: "tiles" }, tile(String(result.device_count), "devices"), tile(String(result.measurements), "measurements"),
    tile(String(result.coverage.length), `proxies cover ${share(last?.share)}`), tile(share(result.monotonicity.all?.share_above), `of pairs monotone (SRCC ${result.threshold})`),
    tile(hours(mine.machine_hours), "machine-hours, computed")));
  if (result.device_lines.length > 0) {
    const some = result.device_lines.length < result.device_count ? `${result.device_lines.length} of the ${result.device_count} devices, evenly spread, are on this page; all are in devices.jsonl.` : "";
    oneDevice(part("part-front", "What each device should run", some), result);
  }
  const alike = part("part-monotonicity", "Monotonicity");
  if (result.monotonicity.block_sizes?.length) blocks(alike, result.monotonicity);
  quantiles(alike, result.monotonicity, result.threshold);
  coverage(alike, result);
  beforeAfter(alike, result.device_lines);
  limits(part("part-limits", "Latency limits"), result);
  cost(part("part-cost", "The cost"), result);
  document.getElementById("footer").textContent = `Seed ${result.seed}. Machine-hours are computed from the assumptions in result.json.`;
}
