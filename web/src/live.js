// A campaign that is running, as `oneproxy report DIR --serve` tells it.
import { h, ms, number } from "./dom.js";
import { addFigure, base } from "./figure.js";
import { tile } from "./cost.js";

const colours = { sample: "blue", repeat: "orange", front: "purple" };

/** Asks /live.json every second; `written` is the time of the result that this page shows, "" for none. */
export function watch(main, written) {
  const tiles = h("div", { class: "tiles", role: "status" });
  const figuresElement = h("div", { class: "figures" });
  const section = h("section", { id: "live", "aria-labelledby": "title-live" }, h("h2", { id: "title-live" }, "Running now"), tiles, figuresElement);
  let live = null;
  let figure = null;

  const rows = () => live.measurements.map((m, i) => [i + 1, m.role, m.median, m.low, m.high, m.text]);
  const show = () => {
    if (live.state !== "running") return section.remove();
    if (!section.isConnected) main.prepend(section);
    const count = live.measurements.length;
    const newest = live.measurements[count - 1];
    tiles.replaceChildren(tile(String(count), "networks measured"), tile(newest ? newest.role : "\u2013", "step"),
      tile(newest ? ms(newest.median) : "\u2013", "newest network"), tile(live.target, "target"));
    figure ??= addFigure(figuresElement, {
      id: "live", title: "Latencies as they come in", wide: true, note: "Blue: samples, orange: measured again, purple: front.",
      columns: ["number", "role", "median_ms", "low_ms", "high_ms", "architecture"], rows,
      summary: () => `${live.measurements.length} networks measured.`,
      option: (c) => {
        const o = base(c, { name: "measurement", min: 0 }, "median, ms");
        o.tooltip.formatter = ({ data: [i, y] }) => `${i}: ${number(y)} ms`;
        o.series = Object.entries(colours).map(([role, colour]) => ({ type: "scatter", name: role, symbolSize: 7, itemStyle: { color: c[colour] },
          data: rows().filter((r) => r[1] === role).map((r) => [r[0], r[2]]) }));
        return o;
      },
    });
    figure.draw();
  };

  const ask = async () => {
    try {
      const answer = await fetch("/live.json", { cache: "no-store" });
      live = await answer.json();
      if (live.result_written && live.result_written !== written) return location.reload();
      show();
    } catch {
      // The server has ended; the page stays as it is.
      return;
    }
    setTimeout(ask, 1000);
  };
  ask();
}
