// Architectures as pictures, from their compact text (docs/formats/spaces.md).

const rectangle = (x, y, width, height, fill, extra = "") =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="2" fill="${fill}" ${extra}/>`;
const label = (x, y, text, size = 9, extra = "") =>
  `<text x="${x}" y="${y}" font-size="${size}" text-anchor="middle" fill="var(--ink)" ${extra}>${text}</text>`;
const picture = (width, height, content, words) =>
  `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${words}" ` +
  `font-family="system-ui, DejaVu Sans, sans-serif">${content}</svg>`;
const stageColours = ["var(--blue)", "var(--orange)", "var(--purple)", "var(--green)", "var(--red)", "var(--grey)"];

/** Blocks as columns: height by kernel, width by expansion, one colour a stage; empty frames are blocks left out. */
function stages(list, slots, words) {
  const unit = 3.4;
  let x = 2;
  let content = "";
  list.forEach((blocks, stage) => {
    const begin = x;
    for (let i = 0; i < Math.max(slots[stage] ?? 0, blocks.length); ++i) {
      const block = blocks[i];
      const width = block ? 5 + block.expansion * 1.6 : 8;
      const height = block ? block.kernel * unit * 1.6 : 8;
      content += block
        ? rectangle(x, 44 - height, width, height, stageColours[stage % stageColours.length]) +
          label(x + width / 2, 54, block.kernel) + label(x + width / 2, 64, block.expansion)
        : rectangle(x, 36, width, 8, "none", `stroke="var(--faint)" stroke-dasharray="2 2"`);
      x += width + 2;
    }
    content += `<line x1="${begin}" x2="${x - 2}" y1="46" y2="46" stroke="var(--faint)"/>`;
    x += 5;
  });
  content += label(x + 12, 54, "kernel", 8) + label(x + 14, 64, "expansion", 8);
  return picture(x + 36, 68, content, words);
}

function mobile(text) {
  const [body, resolution] = text.split("@");
  const list = body.split("-").map((stage) => stage.split(".").map((block) => {
    const [kernel, expansion] = block.split("x").map(Number);
    return { kernel, expansion };
  }));
  if (!list.flat().every((block) => block.kernel > 0 && block.expansion > 0)) return "";
  const words = list.map((stage, i) => `stage ${i + 1}: ${stage.length} blocks, ` +
    stage.map((b) => `kernel ${b.kernel} expansion ${b.expansion}`).join(", ")).join("; ");
  return stages(list, [4, 4, 4, 4, 4], words + (resolution ? `; resolution ${resolution}` : ""));
}

const fbnetBlocks = [[3, 1], [3, 1], [3, 3], [3, 6], [5, 1], [5, 1], [5, 3], [5, 6]];
const fbnetStages = [1, 4, 4, 4, 4, 4, 1];
function fbnet(text) {
  const options = text.split(".").map(Number);
  if (options.length !== 22) return "";
  let next = 0;
  const list = fbnetStages.map((count) => options.slice(next, (next += count))
    .filter((option) => option < 8).map((option) => ({ kernel: fbnetBlocks[option][0], expansion: fbnetBlocks[option][1] })));
  const words = list.map((stage, i) => `stage ${i + 1}: ${stage.length} blocks`).join("; ");
  return stages(list, fbnetStages, words);
}

const cellNodes = [[14, 50], [84, 50], [154, 50], [224, 50]];
const operatorColour = { none: "", skip_connect: "var(--grey)", nor_conv_1x1: "var(--blue)", nor_conv_3x3: "var(--orange)", avg_pool_3x3: "var(--purple)" };
function cell(text) {
  let content = "";
  const words = [];
  text.split("+").forEach((node, i) => {
    for (const [, operator, from] of node.matchAll(/\|?([a-z_0-9]+)~(\d)/g)) {
      const colour = operatorColour[operator];
      words.push(`${operator} from ${from} to ${i + 1}`);
      if (!colour) continue;
      const [x1, y] = cellNodes[from];
      const [x2] = cellNodes[i + 1];
      const bend = (x2 - x1 - 70) * 0.33 * (Number(from) % 2 === 0 ? -1 : 1);
      const middle = y + bend - 4;
      content += `<path d="M${x1} ${y} Q${(x1 + x2) / 2} ${y + 2 * bend} ${x2} ${y}" fill="none" stroke="${colour}" stroke-width="2"/>` +
        label((x1 + x2) / 2, middle, operator.replace("nor_", "").replace("_", " "), 8);
    }
  });
  cellNodes.forEach(([x, y], i) => {
    content += `<circle cx="${x}" cy="${y}" r="8" fill="var(--panel)" stroke="var(--ink)"/>` + label(x, y + 3, i);
  });
  return picture(240, 104, content, words.join("; "));
}

/** An SVG of the architecture, "" for spaces that have no picture. `space` is the description. */
export function drawing(space, text) {
  const name = space.split("(")[0];
  if (name === "mobilenet_v2" || name === "ofa_mobilenet_v3") return mobile(text);
  if (name === "fbnet") return fbnet(text);
  return name === "nas_bench_201" ? cell(text) : "";
}
