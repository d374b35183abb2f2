/** Columns side by side, the first row a heading; columns of numbers are aligned at their right end. */
export function alignTable(rows: readonly (readonly string[])[]): string {
  const [heading = [], ...body] = rows;
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isNumeric = heading.map((_, column) => body.every((row) => /^[\d,.]*$/.test(row[column] ?? "")));
  const align = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [align(heading), rule, ...body.map(align)].join("\n");
}
