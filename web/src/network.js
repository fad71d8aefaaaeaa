// The chosen network: picture, figures, its file and its JSON; and the front as a table to choose from.
import { h, ms, number, percent } from "./dom.js";
import { interval } from "./data.js";
import { drawing } from "./architecture.js";

async function copy(text, button) {
  const before = "Copy JSON";
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Without the permission, or from disk in some browsers: the older way.
    const area = h("textarea", { "aria-label": "JSON of the network", style: "position:fixed;opacity:0" });
    area.value = text;
    document.body.append(area);
    area.select();
    button.textContent = document.execCommand("copy") ? "Copied" : "Not allowed here";
    area.remove();
  }
  setTimeout(() => { button.textContent = before; }, 1500);
}

/** The 90th percentile where there are runs enough to claim it (results of earlier versions do not say). */
const p90 = (latency, write) => (latency.claims_p90 === false ? "\u2013" : write(latency.p90));

export function addNetwork(section, result, choose) {
  const panel = h("div", { class: "network", id: "network", "aria-live": "polite" });
  const rows = result.front.map((network, i) => h("tr", { id: `row-${i}` },
    h("td", {}, h("button", { type: "button", "aria-label": `Choose network ${i + 1}`, click: () => choose(i) }, String(i + 1))),
    h("td", {}, percent(network.accuracy)), h("td", {}, number(network.latency_ms.median)), h("td", {}, p90(network.latency_ms, number)),
    h("td", {}, number(network.predicted_latency)), h("td", {}, network.text)));
  const list = h("details", {}, h("summary", {}, `All ${rows.length} networks of the front`),
    h("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Networks of the front" },
      h("table", {}, h("thead", {}, h("tr", {}, ...["choose", "accuracy", "median ms", "p90 ms", "predicted ms", "architecture"]
        .map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, ...rows))));
  section.append(panel, list);

  return (i) => {
    rows.forEach((row, k) => { row.className = k === i ? "chosen" : ""; });
    const network = result.front[i];
    if (!network) return panel.replaceChildren(h("p", { class: "absent" }, "No network is on the front."));
    const [low, high] = interval(network.latency_ms);
    const picture = h("div", { class: "drawing" });
    picture.innerHTML = drawing(result.space, network.text);
    const button = h("button", { type: "button", id: "copy-json", click: () => copy(JSON.stringify(network.architecture), button) }, "Copy JSON");
    const pair = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
    panel.replaceChildren(
      h("div", {}, h("h3", {}, `Network ${i + 1}`), picture),
      h("div", {}, h("dl", {}, ...pair("accuracy", `${percent(network.accuracy)}, ${network.accuracy_is}`),
        ...pair("latency", `${ms(network.latency_ms.median)} (95% interval ${number(low)} to ${number(high)}), p90 ${p90(network.latency_ms, ms)}, ` +
          `${network.latency_ms.runs} runs`),
        ...pair("predicted", ms(network.predicted_latency)), ...pair("architecture", network.text)),
      h("div", { class: "controls" }, button,
        network.onnx ? h("a", { class: "button", id: "onnx", href: network.onnx, download: network.onnx }, `Download ${network.onnx}`) : null)));
  };
}
