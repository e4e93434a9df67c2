/** Tables of words: for the terminal, aligned and without borders, and for a report. */

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

/** The same as HTML; it scrolls by itself where it is too wide. @param safe escapes a text */
export function htmlTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  safe: (text: string) => string,
): string {
  const heads = titles.map((title) => `<th scope="col">${safe(title)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${safe(cell)}</td>`).join('')}</tr>`);
  return `<div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`;
}
