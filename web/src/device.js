// The device: roofline, repeatability, noise over time, and where the time of a network goes.
import { escapeHtml, known, ms, number, percent } from "./dom.js";
import { interval, range } from "./data.js";
import { addAbsent, addFigure, base } from "./figure.js";

const gflops = (s) => s.flops / (s.latency_ms.median * 1e6);

function roofline(section, result) {
  const title = "Roofline";
  const samples = result.samples.filter((s) => known(s.flops) && s.bytes > 0);
  if (samples.length === 0) return addAbsent(section, "roofline", title, "This result does not hold what the samples cost.");
  const points = samples.map((s) => [s.flops / s.bytes, gflops(s), s.text]);
  const roof = result.roof;
  const xs = points.map(([x]) => x);
  const slopes = roof ? [["memory", roof.gbytes_per_s], ["cache", roof.cache_gbytes_per_s]].filter(([, slope]) => slope > 0) : [];
  const ridges = slopes.map(([, slope]) => roof.gflops / slope);
  const low = Math.min(...xs, ...ridges) / 2;
  const high = Math.max(...xs, ...ridges) * 2;
  const lines = slopes.map(([name, slope], i) => [name, [[low, low * slope], [ridges[i], roof.gflops], [high, roof.gflops]]]);
  const roofText = roof ? `${number(roof.gflops, 3)} GFLOP/s, ${slopes.map(([name, slope]) => `${name} ${number(slope, 3)} GB/s`).join(", ")}; ${roof.origin}` : "";
  addFigure(section, {
    id: "roofline", title,
    note: roof ? `The roof: ${roofText}.${lines.length > 1 ? " Solid: memory, dashed: cache." : ""}` : "The samples alone: what this device could reach at most is not known.",
    columns: ["flop_per_byte", "gflop_per_s", "architecture"], rows: () => points,
    summary: () => `${points.length} samples reach ${number(Math.min(...points.map((p) => p[1])), 3)} to ${number(Math.max(...points.map((p) => p[1])), 3)} GFLOP/s. ` +
      (roof ? `The roof is ${roofText}.` : "The roof is not known."),
    option: (c) => {
      const ys = points.map(([, y]) => y).concat(lines.flatMap(([, line]) => line.map(([, y]) => y)));
      const log = (values, name) => ({ type: "log", name, min: Math.min(...values) / 1.3, max: Math.max(...values) * 1.3,
        axisLabel: { formatter: (v) => number(v, 2), showMinLabel: false, showMaxLabel: false } });
      const o = base(c, log([low, high], "FLOP per byte moved"), log(ys, "GFLOP/s"));
      o.tooltip.formatter = ({ data: [x, y, text] }) => `${number(x, 3)} FLOP/byte, ${number(y, 3)} GFLOP/s<br><small class="tip">${escapeHtml(text ?? "")}</small>`;
      o.series = [{ type: "scatter", name: "samples", data: points, symbolSize: 7, itemStyle: { color: c.blue, opacity: 0.8 } }];
      for (const [name, line] of lines) {
        o.series.push({ type: "line", name, data: line, showSymbol: false, silent: true, lineStyle: { color: c.red, width: 2, type: name === "cache" ? "dashed" : "solid" } });
      }
      return o;
    },
  });
}

function repeatability(section, result) {
  const title = "The same networks measured again";
  if (!result.repeats?.length) {
    return addAbsent(section, "repeats", title, "Nothing was measured twice: recorded tables and devices on paper repeat themselves.");
  }
  const points = result.repeats.map((r) => [r.first.median, r.again.median, r.text]);
  const srcc = number(result.repeatability_srcc, 3);
  addFigure(section, {
    id: "repeats", title, note: `SRCC ${srcc}: no predictor can be expected to rank better.`,
    columns: ["first_ms", "again_ms", "architecture"], rows: () => points,
    summary: () => `${points.length} networks, SRCC of the two measurements ${srcc}.`,
    option: (c) => {
      const [low, high] = range(points.flatMap(([x, y]) => [x, y]), 0);
      const o = base(c, "first, ms", "again, ms");
      o.tooltip.formatter = ({ data: [x, y, text] }) => `${ms(x)}, again ${ms(y)}<br><small class="tip">${escapeHtml(text)}</small>`;
      o.series = [{ type: "scatter", name: "repeats", data: points, symbolSize: 9, itemStyle: { color: c.blue },
        markLine: { silent: true, symbol: "none", lineStyle: { color: c.faint, type: "dotted" }, label: { show: false },
          data: [[{ coord: [low, low] }, { coord: [high, high] }]] } }];
      return o;
    },
  });
}

function noise(section, result) {
  const title = "Noise over time";
  const kinds = [["samples", result.samples.map((s) => [s.latency_ms, s.text]), "blue", "circle"],
    ["measured again", (result.repeats ?? []).map((r) => [r.again, r.text]), "orange", "triangle"],
    ["front", [...result.front, ...result.removed].map((n) => [n.latency_ms, n.text]), "purple", "diamond"]];
  const all = kinds.flatMap(([kind, list]) => list.filter(([l]) => l.when).map(([l, text]) => ({ kind, when: Date.parse(l.when), latency: l, text })));
  if (all.length === 0) return addAbsent(section, "noise", title, "This result does not hold when its networks were measured.");
  const start = Math.min(...all.map((m) => m.when));
  const rows = all.map((m) => [m.kind, (m.when - start) / 1000, 100 * (m.latency.p90 / m.latency.median - 1), m.text]);
  addFigure(section, {
    id: "noise", title, wide: true, note: "How far the slowest tenth of a network's runs lies above its median. Circles: samples, triangles: measured again, diamonds: front.",
    columns: ["kind", "seconds", "p90_over_median_percent", "architecture"], rows: () => rows,
    summary: () => `${rows.length} measurements; the slowest tenth lies ${number(median(rows.map((r) => r[2])), 3)}% above the median in the middle one.`,
    option: (c) => {
      const o = base(c, "seconds since the first measurement", "p90 over median, %");
      o.tooltip.formatter = ({ data: [x, y, text], seriesName }) => `${seriesName}, ${number(x, 4)} s: ${number(y, 3)}%<br><small class="tip">${escapeHtml(text)}</small>`;
      o.series = kinds.map(([kind, , colour, symbol]) => ({ type: "scatter", name: kind, symbol, symbolSize: 8, itemStyle: { color: c[colour], opacity: 0.8 },
        data: rows.filter((r) => r[0] === kind).map(([, x, y, text]) => [x, y, text]) }));
      return o;
    },
  });
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Returns what shows another network of the front. */
function layerTimes(section, result) {
  const title = "Where the time goes, layer by layer";
  const profile = result.layers;
  if (!profile?.networks?.length) {
    addAbsent(section, "layers", title, profile?.why_not ?? "This result does not hold times of layers.");
    return () => {};
  }
  let chosen = 0;
  const layers = () => profile.networks[chosen] ?? [];
  const total = () => layers().reduce((sum, layer) => sum + layer.ms, 0);
  const figure = addFigure(section, {
    id: "layers", title, wide: true,
    columns: ["layer", "ms", "limited_by"], rows: () => layers().map((l) => [l.layer, l.ms, l.bottleneck ?? null]),
    summary: () => {
      const longest = [...layers()].sort((a, b) => b.ms - a.ms).slice(0, 3).map((l) => `${l.layer} ${percent((100 * l.ms) / total())}`);
      return `Network ${chosen + 1}: ${layers().length} layers. The longest: ${longest.join(", ")}.`;
    },
    option: (c) => {
      const o = base(c, { type: "category", data: layers().map((l) => l.layer), name: "layers, from input to output", nameGap: 30,
        axisLabel: { formatter: (name, i) => String(i + 1) } }, { name: "ms", scale: false });
      o.tooltip.formatter = ({ dataIndex, value }) => `${escapeHtml(layers()[dataIndex].layer)}: ${ms(value)}, ${percent((100 * value) / total())}` +
        (layers()[dataIndex].bottleneck ? `<br>limited by ${escapeHtml(layers()[dataIndex].bottleneck)}` : "");
      o.series = [{ type: "bar", name: "layers", data: layers().map((l) => l.ms), itemStyle: { color: c.blue }, barCategoryGap: "20%" }];
      return o;
    },
  });
  return (i) => {
    chosen = i;
    const [low, high] = result.front[i] ? interval(result.front[i].latency_ms) : [];
    figure.say(`Network ${i + 1}: ${ms(total())} in all (${profile.origin}); measured as a whole ${ms(result.front[i]?.latency_ms.median)}` +
      (low === high ? "." : ` (${number(low)} to ${number(high)}).`));
    figure.draw();
  };
}

export function addDevice(section, result) {
  roofline(section, result);
  repeatability(section, result);
  noise(section, result);
  return layerTimes(section, result);
}
