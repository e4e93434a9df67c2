/** A table for the terminal: aligned columns, no borders. */

export interface TextColumn {
  readonly title: string;
  /** Default: left for the first column, right for the others. */
  readonly align?: 'left' | 'right';
}

/** Lines without trailing blanks; cells beyond the columns are an error of the caller. */
export function formatTable(columns: readonly (string | TextColumn)[], rows: readonly (readonly string[])[]): string {
  const named = columns.map((column) => (typeof column === 'string' ? { title: column } : column));
  const widths = named.map(({ title }, c) => Math.max(title.length, ...rows.map((row) => row[c].length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => {
        const align = named[c].align ?? (c === 0 ? 'left' : 'right');
        return align === 'left' ? cell.padEnd(widths[c]) : cell.padStart(widths[c]);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width));
  return [line(named.map(({ title }) => title)), line(rule), ...rows.map(line)].join('\n');
}
