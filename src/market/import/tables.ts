/** A file's table, whatever its format; Parquet and Arrow (whose file format is Feather's) are made rows here. */
import { InputError } from '../../core/errors.ts';
import { type Columns, decodeColumns } from './columnar.ts';
import { jsonTable } from './json-table.ts';
import { type Row, type Table, textTable } from './rows.ts';
import { type ByteSource, readWhole } from './source.ts';
import { kindOf, unpack } from './unpack.ts';

/** They are read as a whole. */
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
