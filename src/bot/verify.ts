/**
 * Did live equal training? Replays a journal: the same candles through fresh features, agent, shield and account, and
 * compares every number of every decision with what was written down. Candles are checked against a history that came
 * by another way. What only the running bot could know (age of the data, unresolved orders, a halt) is taken from the journal.
 */
import { type Candle, type CandleSeries, candleAt } from '../core/candle.ts';
import type { Json } from '../core/json.ts';
import { type BotEntry, encodeCandle } from './entries.ts';
import type { SymbolSetup } from './options.ts';
import { Replay } from './replay.ts';

/** One place in which the replay differs from the journal. */
export interface Difference {
  readonly symbol: string;
  /** Open time of the bar. */
  readonly timeMs: number;
  /** `candle.close`, `row.rsi`, `probabilities.BUY`, `shield.verdicts.3`, `order`, ... */
  readonly column: string;
  readonly journal: Json | undefined;
  readonly replay: Json | undefined;
}

export interface Verification {
  readonly decisions: number;
  /** Candles that were found in the history and compared, warm-up included; those that it lacks. */
  readonly candlesCompared: number;
  readonly candlesWithoutHistory: number;
  /** From the close of the first to the close of the last decided bar, over all symbols. */
  readonly spanMs: number;
  /** Open times of the bars that were decided while their data were fresh, by symbol: what the bot was there for. */
  readonly fresh: ReadonlyMap<string, readonly number[]>;
  readonly differences: readonly Difference[];
}

const CANDLE = ['timeMs', 'open', 'high', 'low', 'close', 'volume', 'trades', 'trends'];
const ACTIONS = ['SELL', 'BUY', 'HOLD'];

/** The path of the first difference between two JSON values; null where they are the same. */
function findDifference(
  a: Json | undefined,
  b: Json | undefined,
  path: readonly string[] = [],
): readonly string[] | null {
  if (a === b) return null;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return path;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) {
    const inner = findDifference((a as { [key: string]: Json })[key], (b as { [key: string]: Json })[key], [
      ...path,
      key,
    ]);
    if (inner !== null) return inner;
  }
  return null;
}

function valueAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((node, key) => (node as { [key: string]: Json } | undefined)?.[key], value);
}

/** Indexes of a decision's arrays by name. */
function nameColumn(path: readonly string[], columns: readonly string[], marketWidth: number): string {
  const [field, index, ...rest] = path;
  const names: Record<string, readonly string[]> = {
    candle: CANDLE,
    row: columns,
    account: columns.slice(marketWidth),
    probabilities: ACTIONS,
    qValues: ACTIONS,
    mask: ACTIONS,
  };
  const name = index === undefined ? undefined : (names[field]?.[Number(index)] ?? index);
  return [field, name, ...rest].filter((part) => part !== undefined).join('.');
}

/**
 * @param symbols fresh features, agent, shield and account of each symbol, as the bot had them
 * @param history candles of another source by symbol; null to skip that comparison
 * @param stopAfter differences after which it stops looking
 */
export async function verifyJournal(options: {
  readonly entries: readonly BotEntry[];
  readonly symbols: readonly SymbolSetup[];
  readonly history: ReadonlyMap<string, CandleSeries> | null;
  readonly maxDataAgeMs: number;
  readonly stopAfter?: number;
}): Promise<Verification> {
  const { entries, symbols, history, maxDataAgeMs, stopAfter = 1 } = options;
  const start = entries[0];
  if (start?.type !== 'start') throw new Error('internal error: a journal begins with a start');
  const replays = new Map(
    symbols.map((setup) => [setup.symbol, new Replay(setup, start.kind, start.timeframeMs, maxDataAgeMs)]),
  );
  const differences: Difference[] = [];
  const times: number[] = [];
  const fresh = new Map<string, number[]>(symbols.map(({ symbol }) => [symbol, []]));
  let candlesCompared = 0;
  let candlesWithoutHistory = 0;

  const compareCandle = (symbol: string, encoded: Json): void => {
    const timeMs = Number((encoded as Json[])[0]);
    const known = history === null ? null : findCandle(history.get(symbol), timeMs);
    if (known === null) candlesWithoutHistory++;
    else {
      candlesCompared++;
      // A history without trade counts or trends says nothing about them.
      const theirs = encodeCandle(known) as Json[];
      const at = (encoded as Json[]).findIndex((value, i) => value !== theirs[i] && theirs[i] !== 'NaN');
      if (at >= 0)
        differences.push({
          symbol,
          timeMs,
          column: `candle.${CANDLE[at]}`,
          journal: (encoded as Json[])[at],
          replay: theirs[at],
        });
    }
  };

  for (const entry of entries) {
    if (differences.length >= stopAfter) break;
    if (entry.type === 'warm-up') {
      for (const candle of entry.candles) compareCandle(entry.symbol, candle);
      replays.get(entry.symbol)!.trader.replay(entry);
    } else if (entry.type === 'decision') {
      const replay = replays.get(entry.symbol)!;
      const { record, symbol } = entry;
      const journal: { [key: string]: Json } = { ...(record as object), state: entry.state };
      compareCandle(symbol, journal.candle);
      const again = await replay.decide(entry);
      const path = findDifference(journal, again);
      const timeMs = Number((journal.candle as Json[])[0]);
      times.push(timeMs);
      // What a restart finds of the bars that it slept through is decided late, and opens nothing.
      if (Number((journal.runtime as { dataAgeMs: Json }).dataAgeMs) <= maxDataAgeMs) fresh.get(symbol)?.push(timeMs);
      if (path !== null) {
        const { columns, marketWidth } = replay.setup.features;
        const column = nameColumn(path, columns, marketWidth);
        differences.push({ symbol, timeMs, column, journal: valueAt(journal, path), replay: valueAt(again, path) });
      }
    } else if ('symbol' in entry) replays.get(entry.symbol as string)?.trader.replay(entry);
    else for (const { trader } of replays.values()) trader.replay(entry);
  }
  const spanMs = times.length === 0 ? 0 : Math.max(...times) - Math.min(...times) + start.timeframeMs;
  return { decisions: times.length, candlesCompared, candlesWithoutHistory, spanMs, fresh, differences };
}

/** The history's candle at a time; null where it has none. */
function findCandle(series: CandleSeries | undefined, timeMs: number): Candle | null {
  if (series === undefined) return null;
  let low = 0;
  let high = series.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if (series.timeMs[middle] === timeMs) return candleAt(series, middle);
    if (series.timeMs[middle] < timeMs) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}
