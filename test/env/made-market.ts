/** Made-up candles, and a table of made-up columns over them, for tests and benchmarks of the environment. */
import type { CandleSeries } from '../../src/core/candle.ts';
import { exp, log } from '../../src/core/math.ts';
import { Rng } from '../../src/core/rng.ts';
import type { TradingMarket } from '../../src/env/trading-env.ts';
import type { ScaledTable } from '../../src/features/observation.ts';

export const HOUR_MS = 3_600_000;

/** A random walk of `rows` hourly bars; `gaps` are rows before which an hour is missing. */
export function makeSeries(seed: number, rows: number, gaps: readonly number[] = [], volatility = 0.01): CandleSeries {
  const rng = new Rng(seed);
  const column = () => new Float64Array(rows);
  const [timeMs, open, high, low, close, volume] = [column(), column(), column(), column(), column(), column()];
  let price = 100;
  let time = Date.UTC(2024, 0, 1);
  for (let i = 0; i < rows; i++) {
    time += gaps.includes(i) ? 2 * HOUR_MS : HOUR_MS;
    timeMs[i] = time;
    open[i] = price * exp(0.2 * volatility * rng.normal());
    close[i] = open[i] * exp(volatility * rng.normal());
    high[i] = Math.max(open[i], close[i]) * (1 + 0.5 * volatility * rng.uniform());
    low[i] = Math.min(open[i], close[i]) * (1 - 0.5 * volatility * rng.uniform());
    volume[i] = 100 * rng.uniform();
    price = close[i];
  }
  return {
    ...{ venue: 'made', symbol: `MADE${seed}`, timeframeMs: HOUR_MS, length: rows },
    ...{ timeMs, open, high, low, close, volume, trades: null, trends: null, filled: new Uint8Array(rows) },
  };
}

/** `marketWidth` columns of recent log returns, complete from row 1 on, and the account's columns where asked for. */
export function makeTable(series: CandleSeries, window: number, marketWidth: number, accounts = true): ScaledTable {
  const rows = series.length;
  const width = marketWidth + (accounts ? 4 : 0);
  const data = new Float32Array(rows * width);
  const decidable = new Uint8Array(rows);
  let run = 0;
  for (let i = 1; i < rows; i++) {
    run = series.timeMs[i] - series.timeMs[i - 1] === HOUR_MS ? run + 1 : 0;
    decidable[i] = run >= window ? 1 : 0;
    for (let c = 0; c < marketWidth; c++)
      data[i * width + c] = log(series.close[i] / series.close[Math.max(0, i - 1 - c)]);
  }
  return {
    ...{ columns: Array.from({ length: width }, (_, c) => `c${c}`), signature: `made${width}`, width, marketWidth },
    ...{ window, rows, data, decidable, extraScale: 1, clippedShare: new Float32Array(rows), timeMs: series.timeMs },
  };
}

export function makeMarket(
  options: {
    seed?: number;
    rows?: number;
    gaps?: number[];
    window?: number;
    marketWidth?: number;
    accounts?: boolean;
  } = {},
): TradingMarket {
  const { seed = 1, rows = 300, gaps = [], window = 12, marketWidth = 3, accounts = true } = options;
  const series = makeSeries(seed, rows, gaps);
  return { series, table: makeTable(series, window, marketWidth, accounts), from: 0, to: rows };
}

/** The market for who sees only the first `extras` of the columns that follow the market's own. */
export function narrowMarket(market: TradingMarket, extras: number): TradingMarket {
  const { table } = market;
  const { rows, marketWidth, width: from } = table;
  const width = marketWidth + extras;
  if (width === from) return market;
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < marketWidth; c++) data[row * width + c] = table.data[row * from + c];
  const signature = `${table.signature};${extras}`;
  return { ...market, table: { ...table, data, width, signature, columns: table.columns.slice(0, width) } };
}
