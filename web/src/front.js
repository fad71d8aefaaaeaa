// The front: accuracy against measured latency, and the network that is chosen on it.
import { escapeHtml, h, ms, number, percent } from "./dom.js";
import { bestWithin, networkPoint, range } from "./data.js";
import { addFigure, base } from "./figure.js";
import { drawing } from "./architecture.js";

const layers = [
  ["predicted", "Front as predicted", "orange", "triangle"],
  ["proxy_only", "Front of the proxy alone", "purple", "diamond"],
  ["removed", "Measured and removed", "grey", "rect"],
];

function tip(space, text, lines) {
  return `<div class="tip">${lines.map(escapeHtml).join("<br>")}<div class="drawing">${drawing(space, text)}</div>` +
    `<small>${escapeHtml(text)}</small></div>`;
}

export function addFront(section, result, onChoose) {
  const points = {
    front: result.front.map(networkPoint),
    removed: result.removed.map(networkPoint),
    predicted: (result.predicted ?? []).map((c) => ({ latency: c.latency_ms, accuracy: c.accuracy, text: c.text })),
    proxy_only: (result.proxy_only ?? []).map((c) => ({ latency: c.latency_ms, accuracy: c.accuracy, text: c.text })),
  };
  const shown = new Set();
  let chosen = result.front.length > 0 ? 0 : -1;
  let limit = null;

  // One series for each kind: [latency, accuracy, low, high, index].
  const data = (name) => points[name].map((p, i) => [p.latency, p.accuracy, p.low ?? null, p.high ?? null, i]);
  const visible = () => ["front", ...layers.map(([name]) => name).filter((name) => shown.has(name))];

  const errorBars = (c) => ({
    type: "custom", name: "error bars", data: data("front"), silent: true, z: 1, encode: { x: [2, 3], y: 1 },
    renderItem: (_, api) => {
      const [x1, y] = api.coord([api.value(2), api.value(1)]);
      const [x2] = api.coord([api.value(3), api.value(1)]);
      return { type: "path", shape: { pathData: `M${x1} ${y}H${x2}M${x1} ${y - 4}V${y + 4}M${x2} ${y - 4}V${y + 4}` },
        style: { stroke: c.blue, fill: "none", lineWidth: 1.2 } };
    },
  });

  const limitLines = (c) => {
    const line = (value, name, colour) => ({ xAxis: value, name, lineStyle: { color: colour, type: "dashed" },
      label: { formatter: name, color: colour, position: "insideEndTop" } });
    const lines = result.limits.map((l) => line(l.limit_ms, `limit ${number(l.limit_ms)} ms`, c.red));
    if (limit !== null) lines.push(line(limit, `${number(limit)} ms`, c.green));
    return { silent: true, symbol: "none", data: lines, animation: false };
  };

  const option = (c) => {
    const all = visible().flatMap((name) => points[name]);
    const limits = result.limits.map((l) => l.limit_ms).concat(limit ?? []);
    const [xMin, xMax] = range(all.flatMap((p) => [p.latency, p.low, p.high]).concat(limits));
    const [yMin, yMax] = range(all.map((p) => p.accuracy));
    const digits = (value) => number(value, 3);
    const o = base(c, { name: "measured latency, ms", min: xMin, max: xMax, axisLabel: { formatter: digits, showMinLabel: false, showMaxLabel: false } },
      { name: "accuracy, %", min: yMin, max: yMax, axisLabel: { formatter: (v) => v.toFixed(1), showMinLabel: false, showMaxLabel: false } });
    o.tooltip.formatter = ({ seriesName, data: [x, y, low, high, i] }) => {
      const name = seriesName === "chosen" ? "front" : seriesName;
      const p = points[name][i];
      const lines = name === "front" || name === "removed"
        ? [`${name === "front" ? `Network ${i + 1}` : "Removed"}: ${percent(y)} ${p.network.accuracy_is}`, `${ms(x)}, 95% interval ${number(low)} to ${ms(high)}`]
        : [`${layers.find(([key]) => key === name)[1]}: ${percent(y)}`, `predicted ${ms(x)}`];
      return tip(result.space, p.text, lines);
    };
    o.series = [
      { type: "line", name: "front", data: data("front"), step: "end", symbol: "circle", symbolSize: 10, z: 3,
        color: c.blue, lineStyle: { width: 1.5 }, markLine: limitLines(c) },
      errorBars(c),
      ...layers.filter(([name]) => shown.has(name)).map(([name, , colour, symbol]) => ({ type: "scatter", name, data: data(name), symbol,
        symbolSize: 8, z: 2, itemStyle: { color: "transparent", borderColor: c[colour], borderWidth: 1.5 } })),
    ];
    if (chosen >= 0) {
      o.series.push({ type: "scatter", name: "chosen", data: [data("front")[chosen]], symbolSize: 17, z: 4,
        itemStyle: { color: c.blue, borderColor: c.ink, borderWidth: 2 } });
    }
    return o;
  };

  const box = ([name, title, colour]) => h("label", {},
    h("input", { type: "checkbox", id: `show-${name}`, disabled: points[name].length === 0,
      change: (event) => { event.target.checked ? shown.add(name) : shown.delete(name); figure.draw(); } }),
    " ", h("span", { class: "swatch", style: `background:var(--${colour})` }), `${title} (${points[name].length})`);

  const medians = points.front.map((p) => p.latency);
  const [low, high] = medians.length ? [medians[0], medians[medians.length - 1]] : [0, 1];
  const answer = h("output", { id: "limit-answer", for: "limit limit-number" });
  const slider = h("input", { type: "range", id: "limit", min: low * 0.95, max: high * 1.02, step: (high - low || 1) / 500, value: high,
    "aria-label": "Latency limit", input: (event) => setLimit(Number(event.target.value)) });
  const field = h("input", { type: "number", id: "limit-number", min: 0, step: "any", placeholder: "none", "aria-label": "Latency limit in ms",
    input: (event) => setLimit(event.target.value === "" ? null : Number(event.target.value)) });
  const controls = h("div", {},
    h("div", { class: "controls" }, ...layers.map(box)),
    h("div", { class: "controls" }, h("span", {}, "Limit"), slider, field, "ms", answer));

  function setLimit(value) {
    limit = value !== null && value > 0 ? value : null;
    if (limit !== null) {
      slider.value = limit;
      if (document.activeElement !== field) field.value = number(limit);
      const best = bestWithin(result.front, limit);
      answer.textContent = best >= 0 ? `network ${best + 1}: ${percent(result.front[best].accuracy)} in ${ms(medians[best])}`
        : `no measured network is that fast; the fastest takes ${ms(low)}`;
      if (best >= 0) return choose(best);
    } else {
      answer.textContent = "";
    }
    figure.draw();
  }

  const words = (i) => `network ${i + 1} of ${points.front.length}: ${percent(points.front[i].accuracy)}, ${ms(points.front[i].latency)}`;
  function choose(i) {
    chosen = i;
    chart.setAttribute("aria-valuenow", String(i + 1));
    chart.setAttribute("aria-valuetext", words(i));
    figure.draw();
    onChoose(i);
  }

  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5, Home: -Infinity, End: Infinity };
  const last = points.front.length - 1;
  const figure = addFigure(section, {
    id: "front", title: "Accuracy against measured latency", wide: true,
    note: "Bars are 95% intervals of the median. Click a point, or use the arrow keys on the chart, to choose a network.",
    columns: ["kind", "accuracy", "latency_ms", "low_ms", "high_ms", "predicted_latency_ms", "architecture"],
    rows: () => ["front", "removed", "predicted", "proxy_only"].flatMap((name) => points[name].map((p) =>
      [name, p.accuracy, p.latency, p.low, p.high, p.network?.predicted_latency ?? null, p.text])),
    option,
    summary: () => `${points.front.length} networks on the front` + (last >= 0
      ? `, from ${percent(points.front[0].accuracy)} in ${ms(low)} to ${percent(points.front[last].accuracy)} in ${ms(high)}.` : "."),
    controls,
    chartAttributes: last < 0 ? {} : {
      role: "slider", tabindex: "0", "aria-valuemin": "1", "aria-valuemax": String(last + 1), "aria-valuenow": "1", "aria-valuetext": words(0),
      "aria-orientation": "horizontal",
      keydown: (event) => {
        if (!(event.key in step)) return;
        event.preventDefault();
        choose(Math.min(last, Math.max(0, chosen + step[event.key])));
      },
    },
  });
  const chart = document.getElementById("chart-front");
  figure.chart.on("click", ({ seriesName, data: point }) => {
    if (seriesName === "front" || seriesName === "chosen") choose(point[4]);
  });
  return { choose, chosen: () => chosen };
}
