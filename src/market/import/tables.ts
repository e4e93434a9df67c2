/** The tables that aren't text: JSON, Parquet, and Arrow's file format, which is Feather's. */
import { InputError } from '../../core/errors.ts';
import { parseJsonText } from '../../core/json-text.ts';
import { type Columns, decodeColumns } from './columnar.ts';
import { type Row, type Table, textTable } from './rows.ts';
import { type ByteSource, readWhole } from './source.ts';
import { kindOf, unpack } from './unpack.ts';

/** These formats are read as a whole. */
const LARGEST_JSON = 1 << 28;
const LARGEST_COLUMNAR = 1 << 30;

/** A file's rows, whatever its format; gzip and zip are opened. @throws InputError for what isn't a table. */
export async function openTable(source: ByteSource): Promise<Table> {
  let inner = source;
  let kind = kindOf(source);
  if (kind === 'gzip' || kind === 'zip') {
    inner = unpack(source, kind);
    kind = kindOf(inner);
  }
  if (kind === 'text') return textTable(inner);
  if (kind === 'json') return jsonTable(inner);
  if (kind === 'parquet' || kind === 'arrow') return columnarTable(inner, kind);
  throw new InputError(`${source.name} is packed twice; unpack it once`);
}

/** Rows out of columns of values; row 1 is the header, so that line n is the table's row n - 1. */
function columnTable(
  name: string,
  titles: readonly string[],
  length: number,
  cell: (column: number, row: number) => string,
): Table {
  return {
    ...{ name, delimiter: () => null },
    *rows(): Generator<Row> {
      yield { line: 1, cells: titles };
      for (let row = 0; row < length; row++)
        yield { line: row + 2, cells: titles.map((_, column) => cell(column, row)) };
    },
  };
}

/** A value of JSON as the cell of a table; numbers exact. */
function showValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  return String(value);
}

/** The first list of rows in a JSON value: itself, or what stands under a key or two, as in a venue's answer. */
function findRows(value: unknown, depth: number): unknown[] | null {
  if (Array.isArray(value)) return value.length > 0 && typeof value[0] === 'object' && value[0] !== null ? value : null;
  if (depth === 0 || value === null || typeof value !== 'object') return null;
  const columns = Object.entries(value).filter(([, column]) => isScalars(column));
  // As TradingView's data feeds have it: a list for each column.
  if (columns.length >= 5 && columns.every(([, column]) => column.length === columns[0][1].length))
    return columns[0][1].map((_: unknown, i: number) =>
      Object.fromEntries(columns.map(([key, column]) => [key, column[i]])),
    );
  for (const inner of Object.values(value)) {
    const rows = findRows(inner, depth - 1);
    if (rows !== null) return rows;
  }
  return null;
}

function isScalars(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 0 && (value[0] === null || typeof value[0] !== 'object');
}

/** A list of lists, as freqtrade and venues have it, or of objects. */
function jsonTable(source: ByteSource): Table {
  const { name } = source;
  let value: unknown;
  try {
    value = parseJsonText(new TextDecoder('utf-8', { fatal: true }).decode(readWhole(source, LARGEST_JSON, 'JSON')));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name} is not valid JSON (${(error as Error).message.slice(0, 80)}); export it again`);
  }
  const rows = findRows(value, 3);
  if (rows === null) throw new InputError(`${name} is JSON without a list of candles; export it again, or as CSV`);
  const first = rows[0] as object;
  if (Array.isArray(first))
    return {
      ...{ name, delimiter: () => null },
      *rows(): Generator<Row> {
        for (let i = 0; i < rows.length; i++)
          yield { line: i + 1, cells: (Array.isArray(rows[i]) ? (rows[i] as unknown[]) : []).map(showValue) };
      },
    };
  const keys = Object.keys(first).filter((key) => typeof (first as Record<string, unknown>)[key] !== 'object');
  return columnTable(name, keys, rows.length, (column, row) => {
    const record = rows[row] as Record<string, unknown> | null;
    return record !== null && Object.hasOwn(record, keys[column]) ? showValue(record[keys[column]]) : '';
  });
}

async function columnarTable(source: ByteSource, kind: 'parquet' | 'arrow'): Promise<Table> {
  const what = kind === 'parquet' ? 'Parquet' : 'Feather';
  const bytes = readWhole(source, LARGEST_COLUMNAR, what);
  let decoded: Columns;
  try {
    decoded = await decodeColumns({ kind, bytes });
  } catch (error) {
    const why = (error as Error).message.split('\n')[0].slice(0, 120);
    throw new InputError(`${source.name} is ${what} that can't be read (${why}); save it again, or as CSV`);
  }
  const { titles, columns, length } = decoded;
  return columnTable(source.name, titles, length, (at, row) => {
    const column = columns[at];
    if (column.kind === 'text') return column.values[row];
    const value = column.values[row];
    if (Number.isNaN(value)) return '';
    return column.kind === 'time' && Math.abs(value) <= 8.64e15 ? new Date(value).toISOString() : String(value);
  });
}
