/** Whatever number of a decision is changed, `verify` names it, with both values; and candles are compared with others. */
import { beforeAll, expect, it } from 'vitest';
import type { BotEntry, DecisionEntry } from '../../src/bot/entries.ts';
import { verifyJournal } from '../../src/bot/verify.ts';
import type { CandleSeries } from '../../src/core/candle.ts';
import { allocateSeries } from '../../src/market/series.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, WARM_UP } from './bot-world.ts';

const symbol = 'BTC/USDT';
const world = createWorld({ bars: WARM_UP + 15, seed: 6 });
let journal: readonly BotEntry[] = [];

beforeAll(async () => {
  const clock = world.createClock(world.firstMs);
  const ended = await world.live(new MemoryFileSystem(), clock, world.endMs, world.createVenue(clock));
  expect(ended.failure).toBeNull();
  journal = ended.entries;
});

const verify = (entries: readonly BotEntry[], history: ReadonlyMap<string, CandleSeries> | null = null) =>
  verifyJournal({ entries, symbols: world.createSymbols(), history, maxDataAgeMs: minuteMs / 2, stopAfter: 10 });

/** The candles that the world was made of, one of them changed. */
function historyOf(change: (candles: Record<string, Float64Array>) => void = () => {}, from = 0) {
  const candles = world.candles.get(symbol)!.slice(from);
  const flags = { trades: true, trends: false };
  const series = allocateSeries({ venue: 'test', symbol, timeframeMs: minuteMs }, candles.length, flags);
  const columns = series as unknown as Record<string, Float64Array>;
  for (const name of ['timeMs', 'open', 'high', 'low', 'close', 'volume', 'trades'] as const)
    for (const [i, candle] of candles.entries()) columns[name][i] = candle[name];
  change(columns);
  return new Map([[symbol, series]]);
}

it('compares every candle, warm-up included, with a history that came by another way', async () => {
  const decisions = journal.filter(({ type }) => type === 'decision');
  const whole = await verify(journal, historyOf());
  expect(whole.differences).toEqual([]);
  expect(whole).toMatchObject({ decisions: decisions.length, candlesWithoutHistory: 0 });
  expect(whole.candlesCompared).toBe(decisions.length + WARM_UP - 2);
  expect(whole.spanMs).toBe(decisions.length * minuteMs);
  const times = decisions.map((entry) => (entry as DecisionEntry).record.candle[0]);
  expect(whole.fresh).toEqual(new Map([[symbol, times]]));
  const short = await verify(journal, historyOf(undefined, WARM_UP + 5));
  const later = times.filter((timeMs) => timeMs >= world.candles.get(symbol)![WARM_UP + 5].timeMs).length;
  expect(short).toMatchObject({ candlesCompared: later, candlesWithoutHistory: whole.candlesCompared - later });
  const without = await verify(journal);
  expect(without).toMatchObject({ candlesCompared: 0, candlesWithoutHistory: whole.candlesCompared });
  const at = WARM_UP + 3;
  for (const name of ['open', 'high', 'low', 'close', 'volume', 'trades']) {
    const { differences } = await verify(
      journal,
      historyOf((columns) => {
        columns[name][at] += 1;
      }),
    );
    const candle = world.candles.get(symbol)![at] as unknown as Record<string, number>;
    expect(differences).toEqual([
      { symbol, timeMs: candle.timeMs, column: `candle.${name}`, journal: candle[name], replay: candle[name] + 1 },
    ]);
  }
});

it('names what of a decision was changed, and tells both values', async () => {
  const index = journal.findIndex((entry) => entry.type === 'decision' && entry.record.order > 0);
  const { record, state } = journal[index] as DecisionEntry;
  const found = async (part: object) => {
    const changed = { ...journal[index], ...part } as BotEntry;
    return (await verify(journal.map((entry, i) => (i === index ? changed : entry)))).differences;
  };
  const alter = (list: readonly number[], at: number) => list.map((value, i) => (i === at ? value + 0.5 : value));
  const cases: [string, object, unknown, unknown][] = [
    ['row.', { row: alter(record.row, 0) }, record.row[0] + 0.5, record.row[0]],
    ['account.', { account: alter(record.account, 0) }, record.account[0] + 0.5, record.account[0]],
    [
      'probabilities.BUY',
      { probabilities: alter(record.probabilities!, 1) },
      record.probabilities![1] + 0.5,
      record.probabilities![1],
    ],
    ['order', { order: record.order * 2 }, record.order * 2, record.order],
    ['equity', { equity: record.equity + 1 }, record.equity + 1, record.equity],
    ['action', { action: 2 }, 2, record.action],
  ];
  for (const [column, part, told, repeated] of cases) {
    const [first] = await found({ record: { ...record, ...part } });
    expect(first.column.startsWith(column), `${column} as ${first.column}`).toBe(true);
    expect(first).toMatchObject({ symbol, timeMs: record.candle[0], journal: told, replay: repeated });
  }
  const [ofState] = await found({ state: { ...state, added: 1 } });
  expect(ofState).toEqual({ symbol, timeMs: record.candle[0], column: 'state.added', journal: 1, replay: undefined });
});

it('refuses what is no journal of these symbols', async () => {
  await expect(verify([])).rejects.toThrow('not a bot');
  const foreign = journal.map((entry) => (entry.type === 'decision' ? { ...entry, symbol: 'ETH/USDT' } : entry));
  await expect(verify(foreign)).rejects.toThrow('ETH/USDT is not traded by this bot');
});
