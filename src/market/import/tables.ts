/** The tables that aren't text: JSON, Parquet, and Arrow's file format, which is Feather's. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { InputError } from '../../core/errors.ts';
import { parseJsonText } from '../../core/json-text.ts';
import { decompressLz4Block, decompressLz4Frame } from './lz4.ts';
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
  if (kind === 'parquet') return parquetTable(inner);
  if (kind === 'arrow') return arrowTable(inner);
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
      for (let row = 0; row < length; row++) {
        let cells: string[];
        try {
          cells = titles.map((_, column) => cell(column, row));
        } catch {
          throw new InputError(`${name}: row ${row + 2} is damaged; download it again, or save it as CSV`);
        }
        yield { line: row + 2, cells };
      }
    },
  };
}

/** A typed value as the cell of a table: numbers exact, moments in ISO. */
function showValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
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

async function parquetTable(source: ByteSource): Promise<Table> {
  const { parquetMetadata, parquetReadObjects, parquetSchema } = await import('hyparquet');
  const bytes = readWhole(source, LARGEST_COLUMNAR, 'Parquet');
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const compressors = {
    GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)),
    BROTLI: (input: Uint8Array) => new Uint8Array(brotliDecompressSync(input)),
    ZSTD: (input: Uint8Array) => new Uint8Array(zstdDecompressSync(input)),
    LZ4_RAW: decompressLz4Block,
  };
  try {
    const metadata = parquetMetadata(buffer);
    const names = parquetSchema(metadata)
      .children.filter((child) => child.children.length === 0)
      .map((child) => child.element.name);
    const rows = await parquetReadObjects({ file: buffer, metadata, columns: names, compressors });
    return columnTable(source.name, names, rows.length, (column, row) => showValue(rows[row][names[column]]));
  } catch (error) {
    throw new InputError(
      `${source.name} is Parquet that can't be read (${(error as Error).message.slice(0, 120)}); save it as CSV`,
    );
  }
}

async function arrowTable(source: ByteSource): Promise<Table> {
  const { CompressionType, setCompressionCodec, tableFromIPC } = await import('@uwdata/flechette');
  setCompressionCodec(CompressionType.LZ4_FRAME, { encode: (data) => data, decode: decompressLz4Frame });
  setCompressionCodec(CompressionType.ZSTD, {
    encode: (data) => data,
    decode: (data) => new Uint8Array(zstdDecompressSync(data)),
  });
  try {
    const table = tableFromIPC(readWhole(source, LARGEST_COLUMNAR, 'Feather'), { useDate: true, useBigInt: true });
    const columns = table.names.map((name) => table.getChild(name));
    return columnTable(source.name, table.names, table.numRows, (column, row) => showValue(columns[column].at(row)));
  } catch (error) {
    throw new InputError(
      `${source.name} is Feather that can't be read (${(error as Error).message.slice(0, 120)}); save it as CSV`,
    );
  }
}
