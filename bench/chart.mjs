// The chart: times faster by packet size, a line a suite, in SVG by hand. Both scales are logarithmic;
// colours follow the reader's light or dark setting.

const WIDTH = 880;
const HEIGHT = 412;
const PANEL = { top: 104, bottom: 48, left: 46, right: 18, gap: 62 };
const RATIOS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

const STYLE = `
  :root { --ink: #1f2328; --faint: #d8dee4; --soft: #59636e; --c0: #0969da; --c1: #8250df; --c2: #1a7f37; --c3: #bc4c00; --c4: #bf3989; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #f0f6fc; --faint: #30363d; --soft: #9198a1; --c0: #58a6ff; --c1: #bc8cff; --c2: #3fb950; --c3: #f0883e; --c4: #f778ba; }
  }
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--soft); }
  .title { font-size: 15px; font-weight: 600; fill: var(--ink); }
  .panel { font-weight: 600; fill: var(--ink); }
  .grid { stroke: var(--faint); stroke-width: 1; }
  .level { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 4; }
  .line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }`;

/** `points`: [{ direction, suite, size, ratio }]. `than`: what 1x is. `subtitle`: on what it was measured. */
export function chart(points, { subtitle, than }) {
  const suites = [...new Set(points.map(({ suite }) => suite))];
  const directions = [...new Set(points.map(({ direction }) => direction))];
  const sized = points.filter(({ size }) => size !== "imix");
  const sizes = [...new Set(sized.map(({ size }) => size))].sort((a, b) => a - b);
  const width = (WIDTH - PANEL.left - PANEL.right - PANEL.gap * (directions.length - 1)) / directions.length;
  const panels = directions.map((direction, i) =>
    panel({
      direction,
      suites,
      sizes,
      left: PANEL.left + i * (width + PANEL.gap),
      width,
      points: sized.filter((point) => point.direction === direction),
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Times faster than ${than} per packet, by packet size">
<style>${STYLE}
</style>
<text class="title" x="${PANEL.left}" y="24">Times faster than ${than} per packet</text>
<text x="${PANEL.left}" y="43">${escapeText(subtitle)}</text>
${legend(suites)}
${panels.join("\n")}
</svg>
`;
}

function legend(suites) {
  let x = PANEL.left;
  return suites
    .map((suite, i) => {
      const entry = `<path class="line" stroke="var(--c${i % 5})" d="M${x} 60h18"/><text x="${x + 24}" y="64">${escapeText(suite)}</text>`;
      x += 44 + suite.length * 6.6;
      return entry;
    })
    .join("\n");
}

function panel({ direction, suites, sizes, left, width, points }) {
  const [first, last] = [Math.log(sizes[0]), Math.log(sizes.at(-1))];
  const height = HEIGHT - PANEL.top - PANEL.bottom;
  const bottom = PANEL.top + height;
  const xOf = (size) => left + (first === last ? width / 2 : (width * (Math.log(size) - first)) / (last - first));
  const [low, high] = [Math.log(RATIOS[0]), Math.log(RATIOS.at(-1))];
  const clamp = (ratio) => Math.min(Math.max(ratio, RATIOS[0]), RATIOS.at(-1));
  const yOf = (ratio) => bottom - (height * (Math.log(clamp(ratio)) - low)) / (high - low);
  const at = (value) => value.toFixed(1);
  const grid = RATIOS.map(
    (ratio) =>
      `<path class="${ratio === 1 ? "level" : "grid"}" d="M${left} ${at(yOf(ratio))}h${at(width)}"/>` +
      `<text x="${left - 8}" y="${at(yOf(ratio) + 4)}" text-anchor="end">${ratio}x</text>`,
  );
  const ticks = sizes.map(
    (size) => `<text x="${at(xOf(size))}" y="${bottom + 18}" text-anchor="middle">${size}</text>`,
  );
  const lines = suites.map((suite, i) => {
    const own = points.filter((point) => point.suite === suite).sort((a, b) => a.size - b.size);
    const path = own.map(({ size, ratio }, k) => `${k === 0 ? "M" : "L"}${at(xOf(size))} ${at(yOf(ratio))}`).join("");
    const dots = own.map(
      ({ size, ratio }) =>
        `<circle cx="${at(xOf(size))}" cy="${at(yOf(ratio))}" r="3.2" fill="var(--c${i % 5})"><title>${escapeText(suite)}, ${size} bytes: ${ratio.toFixed(2)}x</title></circle>`,
    );
    return `<path class="line" stroke="var(--c${i % 5})" d="${path}"/>${dots.join("")}`;
  });
  return `<text class="panel" x="${at(left)}" y="${PANEL.top - 8}">${direction}</text>
${grid.join("\n")}
${ticks.join("")}
<text x="${at(left + width / 2)}" y="${bottom + 36}" text-anchor="middle">bytes of the inner packet</text>
${lines.join("\n")}`;
}

function escapeText(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
