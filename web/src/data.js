// What the figures need of result.json (docs/formats/result.md). Files of earlier versions lack some of it.
import { known } from "./dom.js";

/** The median's 95% interval; the median itself where a file does not tell. */
export function interval(latency) {
  return [latency.median_low ?? latency.median, latency.median_high ?? latency.median];
}

/** A network of `front` or `removed` as a point. */
export function networkPoint(network) {
  const [low, high] = interval(network.latency_ms);
  return { latency: network.latency_ms.median, low, high, accuracy: network.accuracy, text: network.text, network };
}

/** The index of the most accurate network of the front whose measured median is within the limit; -1 where none is. */
export function bestWithin(front, limitMs) {
  let best = -1;
  front.forEach((network, i) => {
    if (network.latency_ms.median <= limitMs && (best < 0 || network.accuracy > front[best].accuracy)) best = i;
  });
  return best;
}

/** Order of rows by average linkage of 1 - SRCC, so that devices that rank alike stand together. */
export function clusterOrder(srcc) {
  let groups = srcc.map((_, i) => [i]);
  const distance = (a, b) => {
    let sum = 0;
    for (const i of a) for (const j of b) sum += 1 - (srcc[i][j] ?? 0);
    return sum / (a.length * b.length);
  };
  while (groups.length > 1) {
    let best = [0, 1, Infinity];
    for (let i = 0; i < groups.length; ++i) {
      for (let j = i + 1; j < groups.length; ++j) {
        const d = distance(groups[i], groups[j]);
        if (d < best[2]) best = [i, j, d];
      }
    }
    const [i, j] = best;
    groups = [...groups.filter((_, k) => k !== i && k !== j), [...groups[i], ...groups[j]]];
  }
  return groups[0] ?? [];
}

/** Axis range with a margin around all finite values. */
export function range(values, margin = 0.06) {
  const finite = values.filter(known);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const pad = (high - low || Math.abs(high) || 1) * margin;
  return [low - pad, high + pad];
}
