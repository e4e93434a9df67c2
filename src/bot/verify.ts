/**
 * Did live equal training? Replays a journal: the same candles through fresh features, agent, shield and account, and
 * compares every number of every decision with what was written down. Candles are checked against a history that came
 * by another way. What only the running bot could know (age of the data, unresolved orders, a halt) is taken from the journal.
 */
import { type Candle, type CandleSeries, candleAt } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { toExactJson } from '../core/exact-json.ts';
import type { Json } from '../core/json.ts';
import type { CandleValues } from '../decision/record.ts';
import { CommandAudit } from './command-audit.ts';
import { type BotEntry, type CheckpointEntry, type DecisionEntry, encodeCandle, readState } from './entries.ts';
import type { SymbolSetup } from './options.ts';
import { OrderAudit } from './order-audit.ts';
import { describeDamage } from './read-entries.ts';
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

type Fields = { readonly [key: string]: unknown };

/** The path of the first difference between two values of the same schema; null where they are the same, bit by bit. */
function findDifference(a: unknown, b: unknown, path: readonly string[] = []): readonly string[] | null {
  if (Object.is(a, b)) return null;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return path;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const inner = findDifference((a as Fields)[key], (b as Fields)[key], [...path, key]);
    if (inner !== null) return inner;
  }
  return null;
}

function valueAt(value: unknown, path: readonly string[]): Json | undefined {
  const found = path.reduce<unknown>((node, key) => (node as Fields | undefined)?.[key], value);
  return found === undefined ? undefined : toExactJson(found);
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
 * @throws InputError where an entry doesn't follow from those before it
 */
export async function verifyJournal(options: {
  /** Of the journal, for messages. */
  readonly name?: string;
  readonly entries: readonly BotEntry[];
  readonly symbols: readonly SymbolSetup[];
  readonly history: ReadonlyMap<string, CandleSeries> | null;
  readonly maxDataAgeMs: number;
  readonly stopAfter?: number;
}): Promise<Verification> {
  const { name = 'journal', entries, symbols, history, maxDataAgeMs, stopAfter = 1 } = options;
  const first = entries[0];
  const start = first?.type === 'checkpoint' ? first.start : first;
  if (start?.type !== 'start') throw new InputError(`${name}: this is not a bot's journal; name another`);
  const replays = new Map(
    symbols.map((setup) => [setup.symbol, new Replay(setup, start.kind, start.timeframeMs, maxDataAgeMs)]),
  );
  const differences: Difference[] = [];
  const times: number[] = [];
  const fresh = new Map<string, number[]>(symbols.map(({ symbol }) => [symbol, []]));
  let candlesCompared = 0;
  let candlesWithoutHistory = 0;

  const compareCandle = (symbol: string, candle: CandleValues): void => {
    const [timeMs] = candle;
    const known = history === null ? null : findCandle(history.get(symbol), timeMs);
    if (known === null) {
      candlesWithoutHistory++;
      return;
    }
    candlesCompared++;
    // A history without trade counts or trends says nothing about them.
    const theirs = encodeCandle(known);
    const at = candle.findIndex((value, i) => !Object.is(value, theirs[i]) && !Number.isNaN(theirs[i]));
    if (at < 0) return;
    const [journal, replay] = [toExactJson(candle[at]), toExactJson(theirs[at])];
    differences.push({ symbol, timeMs, column: `candle.${CANDLE[at]}`, journal, replay });
  };

  const replayDecision = async (entry: DecisionEntry, replay: Replay): Promise<void> => {
    const { record, symbol } = entry;
    const [timeMs] = record.candle;
    compareCandle(symbol, record.candle);
    const again = await replay.decide(entry);
    times.push(timeMs);
    // What a restart finds of the bars that it slept through is decided late, and opens nothing.
    if (record.runtime.dataAgeMs <= maxDataAgeMs) fresh.get(symbol)?.push(timeMs);
    const [journal, repeated] = [entry, again].map((one) => ({ ...one.record, state: one.state }));
    const path = findDifference(journal, repeated);
    if (path === null) return;
    const { columns, marketWidth } = replay.setup.features;
    const column = nameColumn(path, columns, marketWidth);
    differences.push({ symbol, timeMs, column, journal: valueAt(journal, path), replay: valueAt(repeated, path) });
  };

  const audits = new Map(symbols.map(({ symbol }) => [symbol, new OrderAudit(start.id, start.timeframeMs)]));
  const commands = new CommandAudit(maxDataAgeMs);
  /** Before the entry is taken back: what is wrong is told against what was known then. */
  const audit = (entry: BotEntry): void => {
    const symbol = 'symbol' in entry ? entry.symbol : '';
    for (const { column, journal, expected } of commands.take(entry))
      differences.push({ symbol, timeMs: entry.timeMs, column, journal, replay: expected });
    for (const [traded, { book }] of replays) {
      if (book === null || ('symbol' in entry && entry.symbol !== traded)) continue;
      for (const { column, journal, expected } of audits.get(traded)!.take(entry, book))
        differences.push({ symbol: traded, timeMs: entry.timeMs, column, journal, replay: expected });
    }
  };

  /** The head of a part says what follows from those before it; where they are gone, the replay begins with it. */
  const compareCheckpoint = ({ timeMs, symbols: states }: CheckpointEntry): void => {
    for (const [symbol, { trader }] of replays) {
      const journal = states[symbol];
      // What the clock said is no part of a replay.
      const { lastDecisionMs } = journal;
      const replay = readState({ ...trader.saveState(), lastDecisionMs });
      const path = findDifference(journal, replay);
      if (path !== null)
        differences.push({
          ...{ symbol, timeMs, column: `checkpoint.${path.join('.')}` },
          ...{ journal: valueAt(journal, path), replay: valueAt(replay, path) },
        });
    }
  };

  const follow = async (entry: BotEntry): Promise<void> => {
    if (entry.type === 'checkpoint') {
      if (entry !== first) return compareCheckpoint(entry);
      audit(entry);
      for (const [symbol, { trader }] of replays) trader.restoreState(entry.symbols[symbol]);
      return;
    }
    audit(entry);
    if (!('symbol' in entry)) {
      for (const { trader } of replays.values()) trader.replay(entry);
      return;
    }
    const replay = replays.get(entry.symbol);
    if (replay === undefined) throw new InputError(`${entry.symbol} is not traded by this bot`);
    if (entry.type === 'decision') return replayDecision(entry, replay);
    if (entry.type === 'warm-up') for (const candle of entry.candles) compareCandle(entry.symbol, candle);
    replay.trader.replay(entry);
  };

  for (const [index, entry] of entries.entries()) {
    if (differences.length >= stopAfter) break;
    try {
      await follow(entry);
    } catch (error) {
      throw describeDamage(error, name, index, entry);
    }
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
