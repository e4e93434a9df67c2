/** Imports one series after the other until it is killed, and prints each symbol once its import has returned. */
import { writeSync } from 'node:fs';
import { CandleStore } from '../../src/market/store.ts';
import { makeSeries } from './candle-files.ts';

const store = CandleStore.open(process.argv[2]);
const [from, bars] = process.argv.slice(3).map(Number);
const batches = Array.from({ length: 60 }, (_, i) => makeSeries(bars, from + i, `S${from + i}`));
writeSync(1, 'ready\n');
for (const series of batches) {
  store.importSeries(series);
  writeSync(1, `${series.symbol}\n`);
}
writeSync(1, 'ran out\n');
