/**
 * Candles in what isn't plain text: JSON in its many shapes, Arrow and Parquet, and gzip and zip around them. Truth: the
 * bars that were written. What is packed has a checksum, so it comes out as it went in or not at all.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { tableFromArrays, tableToIPC } from '@uwdata/flechette';
import { zipSync } from 'fflate';
import type { Rng } from '../../src/core/rng.ts';
import { type Bar, candleFiles } from './csv.ts';
import { chance, deep, mutateBytes, mutateJson, POISON, pick } from './mutate.ts';

const encode = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const list = ({ timeMs, open, high, low, close, volume }: Bar) => [timeMs, open, high, low, close, volume];
const named = ({ timeMs, ...bar }: Bar) => ({ timestamp: timeMs, ...bar });

/** Rows as people's programs put them into JSON. */
const SHAPES: readonly ((bars: readonly Bar[]) => unknown)[] = [
  (bars) => bars.map(list),
  (bars) => bars.map((bar) => list(bar).map((value) => `${JSON.stringify(value)}`)),
  (bars) => bars.map(named),
  (bars) => ({ code: '0', data: { list: bars.map(list).reverse() } }),
  (bars) => [{ ticker: 'btcusdt', priceData: bars.map(named) }],
  (bars) => Object.fromEntries(bars.map(({ timeMs, ...bar }) => [new Date(timeMs).toISOString(), bar])),
  (bars) =>
    Object.fromEntries(
      ['timestamp', 'open', 'high', 'low', 'close', 'volume'].map((key, at) => [key, bars.map((bar) => list(bar)[at])]),
    ),
  (bars) =>
    Object.fromEntries(
      ['timestamp', 'open', 'high', 'low', 'close', 'volume'].map((key, at) => [
        key,
        Object.fromEntries(bars.map((bar, i) => [i, list(bar)[at]])),
      ]),
    ),
  (bars) => bars.map((bar) => JSON.stringify(named(bar))).join('\n'),
];

interface Made {
  readonly bytes: Uint8Array;
  /** Times whose values were changed, or perhaps. */
  readonly spoiled: ReadonlySet<number>;
}

function writeJson(bars: readonly Bar[], rng: Rng): Made {
  const shape = pick(rng, SHAPES);
  const value = shape(bars);
  const all = new Set(bars.map(({ timeMs }) => timeMs));
  if (chance(rng, 0.3)) {
    // Only some rows, so that the others can be compared.
    const copy: Bar[] = bars.map((bar) => ({ ...bar }));
    const spoiled = new Set<number>();
    for (let i = 1 + rng.integer(4); i > 0; i--) {
      const bar = pick(rng, copy);
      spoiled.add(bar.timeMs);
      Object.assign(bar, { [pick(rng, ['open', 'high', 'low', 'close', 'volume'])]: pick(rng, POISON) });
    }
    return { bytes: encode(shape(copy)), spoiled };
  }
  if (chance(rng, 0.4)) return { bytes: encode(value), spoiled: new Set() };
  if (chance(rng, 0.05)) return { bytes: encode(`{"data":${deep(20_000)}}`), spoiled: all };
  if (chance(rng, 0.3)) return { bytes: mutateBytes(encode(value), rng), spoiled: all };
  return { bytes: encode(mutateJson(value, rng, pick(rng, [0.001, 0.01, 0.1])) ?? null), spoiled: all };
}

function writeArrow(bars: readonly Bar[]): Uint8Array {
  const column = (key: keyof Bar) => Float64Array.from(bars, (bar) => bar[key]);
  const table = tableFromArrays({
    ...{ date: column('timeMs'), open: column('open'), high: column('high'), low: column('low') },
    ...{ close: column('close'), volume: column('volume') },
  });
  return tableToIPC(table, { format: bars.length % 2 === 0 ? 'file' : 'stream' }) as Uint8Array;
}

const PARQUET = ['duckdb-gzip', 'duckdb-zstd', 'duckdb-lz4_raw', 'duckdb-brotli', 'polars-snappy'].map((name) =>
  readFileSync(new URL(`../../test/fixtures/market/${name}.parquet`, import.meta.url)),
);

function write(bars: readonly Bar[], rng: Rng): Made {
  const all = new Set(bars.map(({ timeMs }) => timeMs));
  const kind = rng.integer(10);
  // Whose bars those are is not known here: that they are bars is looked at.
  if (kind === 0) return { bytes: mutateBytes(pick(rng, PARQUET), rng), spoiled: all };
  if (kind === 1) {
    const whole = writeArrow(bars);
    return chance(rng, 0.3) ? { bytes: whole, spoiled: new Set() } : { bytes: mutateBytes(whole, rng), spoiled: all };
  }
  const inner = writeJson(bars, rng);
  if (kind > 4) return inner;
  const packed =
    kind === 2
      ? gzipSync(inner.bytes)
      : zipSync({ 'candles.json': [inner.bytes, { level: kind === 3 ? 6 : 0 }] }, { mtime: Date.UTC(2020, 0, 1) });
  return { bytes: chance(rng, 0.5) ? mutateBytes(packed, rng) : packed, spoiled: inner.spoiled };
}

export const tables = candleFiles(
  {
    name: 'tables',
    about: 'JSON, Arrow, Parquet, gzip and zip, values and bytes spoiled; wrong: a bar that the file does not hold',
    inputs: 1_500,
  },
  write,
);
