import { InputError } from '../../core/errors.ts';
import { columnsNamed, nameOf, PRICES } from './names.ts';
import { parseNumber } from './numbers.ts';
import type { Row, Table } from './rows.ts';

/** Rows from which a file's format is guessed; the rest of it must bear the guess out. */
const SAMPLE_ROWS = 20_000;
/** Banners and header lines lie within so many rows. */
const LONGEST_HEAD = 40;

/** The beginning of a table: its header, if it has one, and the first rows of data. */
export interface Sample {
  /** What each column is called, normalised; '' where it has no name. */
  readonly names: readonly string[];
  readonly hasHeader: boolean;
  /** What each column is called, as messages call it. */
  readonly titles: readonly string[];
  /** Whether lines stand above the data that neither are a header nor tell anything. */
  readonly banner: boolean;
  /** The header's lines as written; yfinance has three. */
  readonly headerCells: readonly (readonly string[])[];
  /** Data rows as wide as the table. */
  readonly rows: readonly Row[];
  /** Cells of a row. */
  readonly width: number;
  /** Line of the first row of data; what comes before is header and banner. */
  readonly firstLine: number;
  /** Whether the sample is the whole table. */
  readonly whole: boolean;
}

/** The row's cells without empty ones behind the last column, as trailing delimiters leave; null where it isn't as wide. */
export function fitCells(cells: readonly string[], width: number): readonly string[] | null {
  if (cells.length === width) return cells;
  if (cells.length < width) return null;
  for (let i = width; i < cells.length; i++) if (cells[i].trim() !== '') return null;
  return cells.slice(0, width);
}

function widthOf(cells: readonly string[]): number {
  let width = cells.length;
  while (width > 0 && cells[width - 1].trim() === '') width--;
  return width;
}

function isNumber(cell: string): boolean {
  return !Number.isNaN(parseNumber(cell, '.')) || !Number.isNaN(parseNumber(cell, ','));
}

/** @throws InputError where no rows of data are found. */
export function takeSample(table: Table): Sample {
  const rows: Row[] = [];
  let whole = true;
  for (const row of table.rows()) {
    if (rows.length === SAMPLE_ROWS) {
      whole = false;
      break;
    }
    // A copy: rows that stay would teach the engine to keep all others of their making among its old objects.
    rows.push({ line: row.line, cells: row.cells.slice() });
  }
  const { name } = table;
  if (rows.length === 0) throw new InputError(`${name} holds no rows; export it again`);

  const first = rows.slice(0, LONGEST_HEAD).findIndex(({ cells }) => cells.filter(isNumber).length >= 4);
  const pricesNamed = ({ cells }: Row) => {
    const names = cells.map(nameOf);
    return PRICES.filter((price) => columnsNamed(price, names).length > 0).length;
  };
  const head = first < 0 ? rows.slice(0, LONGEST_HEAD) : rows.slice(0, first);
  const header = head.findLastIndex((row) => pricesNamed(row) >= 2);
  if (first < 0 && header >= 0)
    throw new InputError(
      `${name}: no row could be read: under the header of line ${rows[header].line} there is ${rows.length === header + 1 ? 'nothing' : `no row with numbers ('${rows[header + 1].cells.join(',').slice(0, 60)}')`}; check the file`,
    );
  if (first < 0)
    throw new InputError(
      `${name}: line ${rows[0].line}: found no header with time, open, high, low, close and volume, nor rows of numbers ('${rows[0].cells.join(',').slice(0, 60)}'); export candles as CSV`,
    );

  // A header may go on for lines that hold no number: `Ticker,...` and `Date,,,` of yfinance.
  let data = header + 1;
  while (header >= 0 && data < first && !rows[data].cells.some(isNumber)) data++;
  if (header < 0) data = first;
  const headerRows = header < 0 ? [] : rows.slice(header, data);
  const body = rows.slice(data);
  const usual = mostFrequent(body.slice(0, 2000).map(({ cells }) => cells.length));
  const width = header < 0 ? widest(body.filter(({ cells }) => cells.length === usual)) : widthOf(rows[header].cells);
  const fitted = body.flatMap((row) => {
    const cells = fitCells(row.cells, width);
    return cells === null ? [] : [{ line: row.line, cells }];
  });
  if (2 * fitted.length < body.length) {
    const wide = body.find(({ cells }) => cells.length === usual)!;
    throw new InputError(
      `${name}: line ${wide.line}: has ${usual} cells instead of ${width}, as more than half of the rows${usual > width && usual <= 2 * width ? ' (are there decimal commas without quotes?)' : ''}; give each row the columns of the header`,
    );
  }
  const columns = Array.from({ length: width }, (_, at) => at);
  // A header in a language that isn't known here is one all the same: messages call the columns by it.
  const above = rows[first - 1]?.cells ?? [];
  const foreign = header < 0 && widthOf(above) === width && !above.some(isNumber) ? above : null;
  const called = headerRows[0]?.cells ?? foreign ?? [];
  return {
    names: columns.map((at) => nameOf(called[at] ?? '')),
    hasHeader: header >= 0,
    titles: columns.map((at) => called[at]?.trim() || `column ${at + 1}`),
    banner: header < 0 && data > (foreign === null ? 0 : 1),
    headerCells: headerRows.map(({ cells }) => cells),
    ...{ rows: fitted, width, firstLine: rows[data].line, whole },
  };
}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0][0];
}

function widest(rows: readonly Row[]): number {
  return rows.reduce((width, { cells }) => Math.max(width, widthOf(cells)), 0);
}

/** The columns' names for a message: a dozen of them. */
export function listTitles({ titles }: Sample): string {
  const shown = titles.slice(0, 12).map((title) => title.slice(0, 40));
  return shown.join(', ') + (titles.length > shown.length ? ` and ${titles.length - shown.length} more` : '');
}
