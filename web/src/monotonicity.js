// Does the proxy rank networks as the target does: scatter plots, SRCC matrix, estimate against samples.
import { escapeHtml, known, ms, number, srccText } from "./dom.js";
import { clusterOrder, range } from "./data.js";
import { addAbsent, addFigure, base } from "./figure.js";
import { drawing } from "./architecture.js";

function scatter(section, result, { id, title, field, unit, estimate, colour, sameUnit }) {
  const points = result.samples.map((s) => [s[field], s.latency_ms.median, s.text]);
  // The SRCC is that of the samples spread over the space.
  const further = points.length - (estimate?.samples ?? points.length);
  const srcc = `SRCC ${srccText(estimate)}` + (further > 0 ? `; ${further} more points: samples chosen for the front` : "");
  addFigure(section, {
    id, title, note: srcc,
    columns: [field, "latency_ms", "architecture"], rows: () => points,
    summary: () => `${points.length} sample networks. ${srcc}.`,
    option: (c) => {
      const o = base(c, unit, "target, measured ms");
      o.tooltip.formatter = ({ data: [x, y, text] }) => `<div class="tip">${number(x)} \u2192 ${ms(y)}<div class="drawing">${drawing(result.space, text)}</div>` +
        `<small>${escapeHtml(text)}</small></div>`;
      const series = { type: "scatter", name: id, data: points, symbolSize: 8, itemStyle: { color: c[colour], opacity: 0.8 } };
      if (sameUnit) {
        const [low, high] = range(points.flatMap(([x, y]) => [x, y]), 0);
        series.markLine = { silent: true, symbol: "none", animation: false, lineStyle: { color: c.faint, type: "dotted" },
          label: { show: false }, data: [[{ coord: [low, low] }, { coord: [high, high] }]] };
      }
      o.series = [series];
      return o;
    },
  });
}

/** SRCC of devices with each other: {names, srcc}. */
export function addMatrix(section, devices, title = "SRCC of the known devices and the target") {
  const order = clusterOrder(devices.srcc);
  const names = order.map((i) => devices.names[i]);
  const cells = order.flatMap((i, row) => order.map((j, column) => [column, row, devices.srcc[i][j]]));
  const values = cells.map(([, , value]) => value).filter(known);
  const lowest = Math.min(0.9, ...values);
  addFigure(section, {
    id: "matrix", title, note: "Devices that rank alike stand together (average linkage).",
    columns: ["device", ...names], rows: () => order.map((i, row) => [names[row], ...order.map((j) => devices.srcc[i][j])]),
    summary: () => `${names.length} devices. Lowest SRCC of two ${number(Math.min(...values), 3)}.`,
    option: (c) => {
      const short = (name) => (name.length > 18 ? `${name.slice(0, 17)}\u2026` : name);
      const axis = { type: "category", data: names, axisLabel: { interval: 0, formatter: short, rotate: 0, hideOverlap: false } };
      const o = base(c, { ...axis, axisLabel: { ...axis.axisLabel, rotate: names.length > 3 ? 35 : 0 } }, { ...axis, inverse: true });
      o.grid = { left: 8, right: 12, top: 8, bottom: 8, containLabel: true };
      o.visualMap = { show: false, min: lowest, max: 1, inRange: { color: [c.low, c.high] } };
      // Dark text on pale cells, the page's colour on strong ones.
      const colour = (value) => ((value - lowest) / (1 - lowest || 1) > 0.55 ? c.page : c.ink);
      o.series = [{ type: "heatmap", name: "srcc", itemStyle: { borderColor: c.panel, borderWidth: 2 },
        data: cells.map((value) => ({ value, label: { color: colour(value[2]) } })),
        label: { show: names.length <= 12, formatter: ({ value }) => (known(value[2]) ? value[2].toFixed(3) : "\u2013") } }];
      o.tooltip.formatter = ({ value: [x, y, v] }) => `${escapeHtml(names[y])}, ${escapeHtml(names[x])}: ${number(v, 4)}`;
      return o;
    },
  });
}

function curve(section, result) {
  const kinds = [["before", "proxy", "blue"], ["after", "adapted", "orange"]];
  const points = (kind) => result.srcc_by_samples.filter((p) => p[kind] && known(p[kind].srcc)).map((p) => [p.samples, p[kind].srcc, p[kind].low, p[kind].high]);
  const present = kinds.filter(([kind]) => points(kind).length > 0);
  if (present.length === 0) return addAbsent(section, "curve", "The estimate against the number of samples", "Too few samples.");
  addFigure(section, {
    id: "curve", title: "The estimate against the number of samples",
    note: `Bars are 95% intervals${present.length > 1 ? "; blue: the proxy, orange: adapted, cross-validated" : ""}.`,
    columns: ["samples", "srcc_before", "low_before", "high_before", "srcc_after", "low_after", "high_after"],
    rows: () => result.srcc_by_samples.map((p) => [p.samples, ...kinds.flatMap(([kind]) => (p[kind] ? [p[kind].srcc, p[kind].low, p[kind].high] : [null, null, null]))]),
    summary: () => present.map(([kind, name]) => `${name}: ` + points(kind).map(([n, r]) => `${number(r, 3)} with ${n} samples`).join(", ")).join("; ") + ".",
    option: (c) => {
      const o = base(c, "samples", { name: "SRCC", max: 1, scale: true });
      o.tooltip.formatter = ({ data: [n, r, low, high] }) => `${n} samples: ${number(r, 3)}<br>${number(low, 3)} to ${number(high, 3)}`;
      o.series = present.flatMap(([kind, name, colour], k) => [
        { type: "line", name, data: points(kind), color: c[colour], symbolSize: 7, z: 3 },
        { type: "custom", name: `${name} interval`, data: points(kind), silent: true, encode: { x: 0, y: [2, 3] }, renderItem: (_, api) => {
          const [x, y1] = api.coord([api.value(0), api.value(2)]);
          const [, y2] = api.coord([api.value(0), api.value(3)]);
          const at = x + 3 * k;
          return { type: "path", shape: { pathData: `M${at} ${y1}V${y2}M${at - 4} ${y1}H${at + 4}M${at - 4} ${y2}H${at + 4}` }, style: { stroke: c[colour], fill: "none", lineWidth: 1.2 } };
        } },
      ]);
      return o;
    },
  });
}

export function addMonotonicity(section, result) {
  const adapted = result.lambda !== null || result.method === "posterior";
  scatter(section, result, { id: "before", title: "Proxy and target", field: "proxy_latency", unit: "proxy, predicted ms", estimate: result.srcc.before, colour: "blue" });
  if (adapted) {
    scatter(section, result, { id: "after", title: "Adapted and target", field: "predicted_latency", unit: "adapted, predicted ms", estimate: result.srcc.after, colour: "orange", sameUnit: true });
  } else {
    scatter(section, result, { id: "after", title: ["adapt", "eqn3"].includes(result.method) ? "The proxy in the target's milliseconds" : "Predicted and measured",
      field: "predicted_latency", unit: "predicted ms", estimate: result.srcc.after ?? result.srcc.before, colour: "orange", sameUnit: true });
  }
  if (result.devices && result.devices.names.length > 1) addMatrix(section, result.devices);
  else addAbsent(section, "matrix", "SRCC of the known devices and the target", "This result does not hold the known devices' predictions.");
  if (result.srcc_by_samples?.length) curve(section, result);
  else addAbsent(section, "curve", "The estimate against the number of samples", "This result does not hold it.");
}
