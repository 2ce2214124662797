/** Lines of equal columns; the last is not padded. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    rows.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** At most `lengthMax` code points, the last of them … where it had more. */
export function shorten(text: string, lengthMax: number): string {
  // No longer than it could be, and only then taken apart.
  const points = Array.from(text.slice(0, 2 * lengthMax + 2));
  return points.length <= lengthMax ? text : `${points.slice(0, lengthMax - 1).join('')}…`;
}
