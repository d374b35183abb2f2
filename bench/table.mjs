// A table in plain text: columns as wide as they need to be, numbers to the right.

/** `rows` of cells; the first row is the head. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? "").length)));
  const line = (row) =>
    widths
      .map((width, column) => {
        const text = String(row[column] ?? "");
        return column === 0 ? text.padEnd(width) : text.padStart(width);
      })
      .join("  ")
      .trimEnd();
  const [head, ...rest] = rows;
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rest.map(line)].join("\n");
}

export function times(ratio) {
  return ratio >= 100 ? `${ratio.toFixed(0)}x` : ratio >= 10 ? `${ratio.toFixed(1)}x` : `${ratio.toFixed(2)}x`;
}

export function nanoseconds(value) {
  return value >= 100_000 ? `${(value / 1000).toFixed(0)} us` : `${value.toFixed(0)} ns`;
}
