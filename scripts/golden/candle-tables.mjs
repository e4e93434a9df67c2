/**
 * Candle tables in columnar formats, written by Polars and DuckDB, for the tests of the import:
 *   npm install --prefix DIR nodejs-polars@0.26.1 nodejs-polars-linux-x64-gnu@0.26.1 @duckdb/node-api@1.5.6-r.1
 *   node scripts/golden/candle-tables.mjs DIR
 * Polars writes Arrow's file format as freqtrade does through pandas (Feather: a UTC date in ms, five doubles, LZ4);
 * candles.csv beside them is what they all hold.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(`${resolve(process.argv[2])}/`);
const { default: pl } = require('nodejs-polars');
const duckdb = require('@duckdb/node-api');
const folder = fileURLToPath(new URL('../../test/fixtures/market/', import.meta.url));

let state = 12345;
const random = () => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return state / 2 ** 32;
};
const rows = [];
let cents = 2_934_217;
for (let i = 0; i < 300; i++) {
  const open = cents;
  cents += Math.floor(random() * 20_000) - 10_000;
  const high = Math.max(open, cents) + Math.floor(random() * 4000);
  const low = Math.min(open, cents) - Math.floor(random() * 4000);
  const volume = Math.floor(random() * 1e9) / 1e6;
  rows.push([Date.UTC(2021, 0, 1, i), open / 100, high / 100, low / 100, cents / 100, volume]);
}
const names = ['date', 'open', 'high', 'low', 'close', 'volume'];
writeFileSync(join(folder, 'candles.csv'), `${[names, ...rows].map((row) => row.join(',')).join('\n')}\n`);

const column = (at) => rows.map((row) => row[at]);
const frame = pl
  .DataFrame(Object.fromEntries(names.map((name, at) => [name, column(at)])))
  .withColumn(pl.col('date').cast(pl.Datetime('ms', 'UTC')));
for (const compression of ['uncompressed', 'lz4', 'zstd'])
  frame.writeIPC(join(folder, `polars-${compression}.feather`), { compression });
frame.writeParquet(join(folder, 'polars-snappy.parquet'), { compression: 'snappy' });

const database = await (await duckdb.DuckDBInstance.create(':memory:')).connect();
const csv = join(folder, 'candles.csv');
await database.run(
  `CREATE TABLE candles AS SELECT make_timestamp(date * 1000) AS open_time, date AS unix_ms, open, high, low, close, volume FROM read_csv('${csv}')`,
);
for (const compression of ['gzip', 'zstd', 'lz4_raw', 'brotli', 'uncompressed'])
  await database.run(
    `COPY (SELECT * EXCLUDE (${compression === 'gzip' ? 'unix_ms' : 'open_time'}) FROM candles) TO '${join(folder, `duckdb-${compression}.parquet`)}' (FORMAT parquet, COMPRESSION ${compression}, ROW_GROUP_SIZE 2048)`,
  );
rmSync(join(folder, 'duckdb-uncompressed.parquet'));
console.log(readFileSync(csv, 'utf8').split('\n', 3));
