// What the run cost, against a latency predictor of the device's own.
import { duration, h, known, number } from "./dom.js";
import { addAbsent, addFigure, base } from "./figure.js";

export function addCost(section, result) {
  const cost = result.cost;
  const title = "Networks measured";
  const steps = Object.entries(result.seconds ?? {});
  if (steps.length > 0) {
    addFigure(section, {
      id: "seconds", title: "Time of this run", note: `${duration(steps.reduce((sum, [, s]) => sum + s, 0))} in all.`,
      columns: ["step", "seconds"], rows: () => steps,
      summary: () => steps.map(([step, s]) => `${step} ${duration(s)}`).join(", ") + ".",
      option: (c) => {
        const o = base(c, { name: "seconds", scale: false, max: 1.25 * Math.max(...steps.map(([, s]) => s)), axisLabel: { showMaxLabel: false, formatter: (v) => number(v, 3) } }, { type: "category", data: steps.map(([step]) => step), inverse: true });
        o.grid.left = 92;
        o.tooltip.formatter = ({ name, value }) => `${name}: ${duration(value)}`;
        o.series = [{ type: "bar", name: "seconds", data: steps.map(([, s]) => s), itemStyle: { color: c.blue },
          label: { show: true, position: "right", color: c.ink, formatter: ({ value }) => duration(value) } }];
        return o;
      },
    });
  }
  if (!cost || !known(cost.own_predictor_networks)) return addAbsent(section, "cost", title, "What a predictor of the device's own would have cost is not known.");
  const rows = [["this run", cost.networks, cost.seconds],
    ["a predictor of its own", cost.own_predictor_networks, cost.own_predictor_networks * cost.seconds / cost.networks]];
  addFigure(section, {
    id: "cost", title,
    note: `The proxy's predictor was fitted to ${number(cost.own_predictor_networks)} networks; as many here would take ${duration(rows[1][2])} at this run's pace.`,
    columns: ["way", "networks", "seconds"], rows: () => rows,
    summary: () => rows.map(([way, n, s]) => `${way}: ${n} networks, ${duration(s)}`).join("; ") + ".",
    option: (c) => {
      const o = base(c, { type: "log", name: "networks measured", min: 1, scale: false }, { type: "category", data: rows.map(([way]) => way), inverse: true });
      o.grid.left = 140;
      o.tooltip.formatter = ({ dataIndex }) => `${rows[dataIndex][1]} networks, ${duration(rows[dataIndex][2])}`;
      o.series = [{ type: "bar", name: "cost", data: rows.map(([, n], i) => ({ value: n, itemStyle: { color: i === 0 ? c.blue : c.grey } })),
        label: { show: true, position: "insideLeft", color: c.page, formatter: ({ dataIndex }) => `${rows[dataIndex][1]} networks, ${duration(rows[dataIndex][2])}` } }];
      return o;
    },
  });
}

export const tile = (value, name) => h("div", { class: "tile" }, h("b", {}, value), h("span", {}, name));
