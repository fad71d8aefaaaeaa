import { duration, h, number, percent, ms } from "./dom.js";
import { addCost, tile } from "./cost.js";
import { addDevice } from "./device.js";
import { addFront } from "./front.js";
import { addMonotonicity } from "./monotonicity.js";
import { addNetwork } from "./network.js";
import { figures } from "./figure.js";
import { showFleet } from "./fleet.js";
import { startTheme } from "./theme.js";
import { watch } from "./live.js";

const main = document.getElementById("content");
const result = JSON.parse(document.getElementById("result").textContent);

function part(id, title, lead) {
  document.getElementById("parts").append(h("a", { href: `#${id}` }, title));
  const grid = h("div", { class: "figures" });
  main.append(h("section", { id, "aria-labelledby": `title-${id}` }, h("h2", { id: `title-${id}` }, title), lead ? h("p", { class: "lead" }, lead) : null, grid));
  return grid;
}

function machineText(machine) {
  if (!machine) return "";
  const { cpu, cores, memory_gb: memory, os, isa, governor, engine } = machine;
  return [cpu, `${cores} processors`, `${number(memory, 3)} GB`, os, isa && `instructions ${isa}`, governor && `governor ${governor}`, engine]
    .filter(Boolean).join(", ");
}

function showRun() {
  document.title = `oneproxy: ${result.target}`;
  document.getElementById("subtitle").textContent = `${result.target} through ${result.proxy}, ${result.space}`;
  const front = result.front;
  const last = front[front.length - 1];
  const total = Object.values(result.seconds ?? {}).reduce((sum, s) => sum + s, 0);
  main.append(h("div", { class: "tiles" }, tile(String(front.length), "networks on the front"),
    tile(last ? `${ms(front[0].latency_ms.median)} \u2013 ${ms(last.latency_ms.median)}` : "\u2013", "measured latency"),
    tile(last ? `${percent(front[0].accuracy)} \u2013 ${percent(last.accuracy)}` : "\u2013", `accuracy, ${last?.accuracy_is ?? "none"}`),
    tile(number((result.srcc.after ?? result.srcc.before).srcc, 3), "SRCC with the target"),
    tile(String(result.cost?.networks ?? result.samples.length), "networks measured"), tile(duration(total), "in all")));

  const frontPart = part("part-front", "The front");
  let chooseNetwork = () => {};
  let showLayers = () => {};
  const choice = addFront(frontPart, result, (i) => { chooseNetwork(i); showLayers(i); });
  chooseNetwork = addNetwork(frontPart.parentElement, result, (i) => choice.choose(i));
  for (const limit of result.limits) {
    frontPart.parentElement.append(h("p", {}, `Limit ${ms(limit.limit_ms)}: ` +
      (limit.front_index !== null ? `network ${limit.front_index + 1}` : limit.why_not ?? "none") + "."));
  }
  addMonotonicity(part("part-monotonicity", "Monotonicity", result.why), result);
  showLayers = addDevice(part("part-device", "The device", machineText(result.machine)), result);
  addCost(part("part-cost", "The cost"), result);
  if (front.length > 0) choice.choose(0);
  document.getElementById("footer").textContent = `Written ${result.written} by ` +
    Object.entries(result.versions ?? {}).map(([name, version]) => `${name} ${version}`).join(", ") + `. Seed ${result.seed}, method ${result.method}.`;
}

startTheme(document.getElementById("theme"));
window.oneproxy = { figures, result };
if (result?.format === "oneproxy-fleet-result") showFleet(result, main, part);
else if (result) showRun();
else main.append(h("p", { class: "lead" }, "No result yet."));
if (document.body.dataset.live !== undefined) watch(main, result?.written ?? "");
