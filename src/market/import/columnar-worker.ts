/**
 * Decodes Parquet and Arrow files on a thread of its own: their decoders believe what a file says of its lengths, and a
 * damaged one asks for all the memory there is. The thread has a bound, and dies alone.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Column, ColumnarFile, Columns } from './columnar.ts';
import { decompressLz4Block, decompressLz4Frame } from './lz4.ts';

/** Values of one type, as numbers where they are numbers or times. */
function packColumn(length: number, valueAt: (row: number) => unknown): Column {
  let row = 0;
  while (row < length && (valueAt(row) === null || valueAt(row) === undefined)) row++;
  const first = row < length ? valueAt(row) : null;
  if (typeof first === 'number' || first instanceof Date) {
    const values = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      const value = valueAt(i);
      values[i] = value === null || value === undefined ? Number.NaN : Number(value);
    }
    return { kind: typeof first === 'number' ? 'number' : 'time', values };
  }
  return { kind: 'text', values: new Array(length).fill('').map((_, i) => String(valueAt(i) ?? '')) };
}

async function decodeParquet(bytes: Uint8Array): Promise<Columns> {
  const { parquetMetadata, parquetRead, parquetSchema } = await import('hyparquet');
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const compressors = {
    GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)),
    BROTLI: (input: Uint8Array) => new Uint8Array(brotliDecompressSync(input)),
    ZSTD: (input: Uint8Array) => new Uint8Array(zstdDecompressSync(input)),
    LZ4_RAW: decompressLz4Block,
  };
  const metadata = parquetMetadata(file);
  const length = Number(metadata.num_rows);
  const titles = parquetSchema(metadata)
    .children.filter((child) => child.children.length === 0)
    .map((child) => child.element.name);
  const chunks = new Map<string, { readonly from: number; readonly data: ArrayLike<unknown> }[]>();
  await parquetRead({
    ...{ file, metadata, columns: titles, compressors },
    onChunk({ columnName, columnData, rowStart }) {
      chunks.set(columnName, [...(chunks.get(columnName) ?? []), { from: rowStart, data: columnData }]);
    },
  });
  const columns = titles.map((title) => {
    const parts = (chunks.get(title) ?? []).toSorted((a, b) => a.from - b.from);
    if (parts.reduce((sum, { data }) => sum + data.length, 0) !== length) throw new RangeError('rows are missing');
    let part = 0;
    return packColumn(length, (row) => {
      if (row < parts[part].from) part = 0;
      while (row >= parts[part].from + parts[part].data.length) part++;
      return parts[part].data[row - parts[part].from];
    });
  });
  return { titles, columns, length };
}

async function decodeArrow(bytes: Uint8Array): Promise<Columns> {
  const { CompressionType, setCompressionCodec, tableFromIPC } = await import('@uwdata/flechette');
  setCompressionCodec(CompressionType.LZ4_FRAME, { encode: (data) => data, decode: decompressLz4Frame });
  setCompressionCodec(CompressionType.ZSTD, {
    encode: (data) => data,
    decode: (data) => new Uint8Array(zstdDecompressSync(data)),
  });
  const table = tableFromIPC(bytes, { useDate: true, useBigInt: true });
  const length = table.numRows;
  const columns = table.names.map((name) => {
    const column = table.getChild(name);
    if (column.length !== length) throw new RangeError('rows are missing');
    return packColumn(length, (row) => column.at(row));
  });
  return { titles: table.names.map(String), columns, length };
}

const { kind, bytes } = workerData as ColumnarFile;
// No list in a file has more entries than the file has bytes; a decoder that is told otherwise would fill the memory.
const arrayFrom = Array.from;
Array.from = ((source: ArrayLike<unknown>, ...rest: [(value: unknown) => unknown]) => {
  if (source.length > bytes.length) throw new RangeError('a list is longer than the file');
  return arrayFrom(source, ...rest);
}) as typeof Array.from;
const result = await (kind === 'parquet' ? decodeParquet(bytes) : decodeArrow(bytes));
const buffers = result.columns.flatMap(({ values }) => (values instanceof Float64Array ? [values.buffer] : []));
parentPort!.postMessage(result, buffers as ArrayBuffer[]);
