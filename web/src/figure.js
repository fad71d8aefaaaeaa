// A figure: heading, sentence, chart, SVG, CSV, and the same numbers as a table.
import { init, use } from "echarts/core";
import { BarChart, CustomChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import { csvText, download, h } from "./dom.js";
import { colours, onTheme } from "./theme.js";

use([BarChart, CustomChart, HeatmapChart, LineChart, ScatterChart, GridComponent, MarkLineComponent, TooltipComponent,
  VisualMapComponent, SVGRenderer]);

export const figures = new Map();
onTheme(() => figures.forEach((figure) => figure.draw()));

/** What every chart has in common. `x` and `y`: names of the axes, or whole ECharts axes. */
export function base(c, x, y) {
  const axis = (given, rest) => ({
    type: "value", scale: true, nameLocation: "middle", ...rest, ...(typeof given === "string" ? { name: given } : given),
    nameTextStyle: { color: c.ink }, axisLabel: { color: c.faint, hideOverlap: true, ...given.axisLabel },
    axisLine: { show: true, lineStyle: { color: c.line } }, splitLine: { lineStyle: { color: c.grid } },
  });
  return {
    animation: false,
    backgroundColor: "transparent",
    textStyle: { color: c.ink, fontFamily: "system-ui, DejaVu Sans, sans-serif" },
    grid: { left: 62, right: 18, top: 16, bottom: 48 },
    xAxis: axis(x, { nameGap: 30 }),
    yAxis: axis(y, { nameGap: 44 }),
    tooltip: { trigger: "item", confine: true, backgroundColor: c.page, borderColor: c.line, textStyle: { color: c.ink },
      className: "tip" },
  };
}

function table(columns, rows) {
  return h("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Numbers of the figure" },
    h("table", {}, h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {},
        cell === null || cell === undefined ? "\u2013" : typeof cell === "number" ? String(Number(cell.toPrecision(6))) : cell)))))));
}

/**
 * Adds a figure to `parent`. `option(colours)` is asked for the chart whenever it is drawn, `summary()` for the words
 * that stand for it where it cannot be seen, `rows()` for its numbers in the order of `columns`.
 */
export function addFigure(parent, { id, title, note, wide, columns, rows, option, summary, controls, chartAttributes }) {
  const chartElement = h("div", { class: "chart", id: `chart-${id}`, role: "img", ...chartAttributes });
  const details = h("details", {}, h("summary", {}, "Numbers as a table"));
  const sentence = h("p", {}, note ?? "");
  const element = h("figure", { id: `figure-${id}`, class: wide ? "wide" : "" },
    h("figcaption", {}, title, sentence), controls ?? null, chartElement,
    h("div", { class: "tools" },
      h("button", { type: "button", "aria-label": `${title}: save as SVG`, click: () => download(`${id}.svg`, "image/svg+xml", figure.svg()) }, "SVG"),
      h("button", { type: "button", "aria-label": `${title}: save as CSV`, click: () => download(`${id}.csv`, "text/csv", figure.csv()) }, "CSV")),
    details);
  parent.append(element);
  const chart = init(chartElement, null, { renderer: "svg" });
  const fill = () => {
    details.querySelector(".table")?.remove();
    if (details.open) details.append(table(columns, rows()));
  };
  details.addEventListener("toggle", fill);
  const figure = {
    chart,
    element,
    draw() {
      chart.setOption(option(colours()), { notMerge: true });
      chartElement.setAttribute("aria-label", `${title}. ${summary()}`);
      fill();
    },
    say(text) { sentence.textContent = text; },
    rows,
    csv: () => csvText(columns, rows()),
    // A saved picture has a background of its own.
    svg() {
      chart.setOption({ backgroundColor: colours().page });
      const text = chart.renderToSVGString();
      chart.setOption({ backgroundColor: "transparent" });
      return text;
    },
  };
  new ResizeObserver(() => chart.resize()).observe(chartElement);
  figures.set(id, figure);
  figure.draw();
  return figure;
}

/** Stands where a figure cannot be made, with the reason. */
export function addAbsent(parent, id, title, why) {
  parent.append(h("figure", { id: `figure-${id}` }, h("figcaption", {}, title), h("p", { class: "absent" }, why)));
}
