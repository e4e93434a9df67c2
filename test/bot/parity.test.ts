/** What was traded on paper through a faulty stream is the backtest of the same candles, bit by bit. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { BotEntry, DecisionEntry } from '../../src/bot/entries.ts';
import { readEntries } from '../../src/bot/read-entries.ts';
import { verifyJournal } from '../../src/bot/verify.ts';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import type { AgentDecision } from '../../src/core/agent.ts';
import type { CandleSeries } from '../../src/core/candle.ts';
import type { Json } from '../../src/core/json.ts';
import type { ShieldDecision } from '../../src/core/shield.ts';
import { backtest } from '../../src/evaluate/backtest.ts';
import { scaleTable } from '../../src/features/observation.ts';
import { computeFeatures } from '../../src/features/table.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import { allocateSeries } from '../../src/market/series.ts';
import { drawFaults, type FaultKind } from '../../src/rehearsal/faults.ts';
import { createShield } from '../../src/shield/index.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createFeatures, createWorld, restlessAgent, testFeatures, WARM_UP } from './bot-world.ts';

const hourMs = 3_600_000;
const streamFaults: FaultKind[] = [
  ...(['stream-drop', 'mute-stream', 'stale-stream', 'lost-final', 'duplicate-updates', 'reordered-updates'] as const),
  ...(['garbage-updates', 'server-error', 'garbage', 'timeout', 'disconnect', 'rate-limit', 'maintenance'] as const),
];
const account = { ...DEFAULT_ACCOUNT, quantityStep: 0.00001 };
const overrides = {
  'stale-data': false,
  'stop-loss': { distance: 0.02 },
  'trailing-stop': { distance: 0.03 },
} as const;
const profile = 'balanced';

function seriesOf(symbol: string, candles: readonly { timeMs: number }[]): CandleSeries {
  const series = allocateSeries({ venue: 'simulated', symbol, timeframeMs: hourMs }, candles.length, {
    trades: true,
    trends: false,
  });
  for (const name of ['timeMs', 'open', 'high', 'low', 'close', 'volume', 'trades'] as const)
    candles.forEach((candle, i) => {
      (series[name] as Float64Array)[i] = (candle as never)[name];
    });
  return series;
}

async function tradeOnPaper(seed: number) {
  const bars = WARM_UP + 100;
  const plan = createWorld({ bars, timeframeMs: hourMs });
  const faults = drawFaults(seed, {
    startMs: plan.firstMs,
    endMs: plan.endMs - 5 * hourMs,
    count: 80,
    longestMs: 20 * 60_000,
    kinds: streamFaults,
  });
  const options = { kind: 'paper', seed, bars, timeframeMs: hourMs, faults, profile, overrides } as const;
  const world = createWorld({ ...options, bot: { maxDataAgeMs: hourMs } });
  const files = new MemoryFileSystem();
  const clock = world.createClock(world.firstMs);
  const { failure } = await world.live(files, clock, world.endMs + hourMs / 2, world.createVenue(clock));
  expect(failure).toBeNull();
  expect(world.faults.injections.length).toBeGreaterThan(40);
  const entries = readEntries(readRecords(files.read('bots/test/journal.log')).records, 'test');
  return { world, entries, decisions: entries.filter((entry) => entry.type === 'decision') };
}

const setupOf = (symbol: string) => ({
  symbol,
  account,
  market: null,
  features: createFeatures(hourMs),
  agent: restlessAgent,
  shield: createShield({ profile, overrides }),
});

it.each([1, 2, 3])('paper through faults equals the backtest of the same candles (seed %i)', async (seed) => {
  const { world, decisions } = await tradeOnPaper(seed);
  const [symbol] = world.candles.keys();
  const series = seriesOf(symbol, world.candles.get(symbol)!);
  const firstMs = decisions[0].record.candle[0];
  const from = series.timeMs.indexOf(firstMs);
  // The bot began two bars before its warm-up had all of the history; the indicators here have a memory of one bar.
  const table = scaleTable(computeFeatures(series, testFeatures.featureSet), testFeatures.scaler, { window: 4 });
  const seen: { decision: AgentDecision; shield: ShieldDecision | null; hash: string }[] = [];
  let hash = '';
  const ledger = backtest({
    policy: {
      name: 'restless',
      decide(_row, obs) {
        hash = createHash('sha256').update(new Uint8Array(obs.values.slice().buffer)).digest('hex');
        return restlessAgent.decide(obs);
      },
    },
    series,
    table,
    account,
    shield: createShield({ profile, overrides }),
    rows: { from, to: series.length },
    watch: (_row, decision, shield) => seen.push({ decision, shield, hash }),
  });
  expect(decisions.length).toBe(series.length - from);
  expect(ledger.fills.length).toBeGreaterThan(20);
  expect(ledger.fills.some((fill) => fill.reason === 'stop')).toBe(true);
  // The backtest doesn't decide on its last bar, and closes there.
  decisions.slice(0, -1).forEach((entry, i) => {
    const { record } = entry;
    const { shield } = record;
    expect(record.windowHash, `observation ${i}`).toBe(seen[i].hash);
    expect([record.action, shield.requested, shield.final, shield.state]).toEqual([
      seen[i].decision.action,
      seen[i].shield?.requested,
      seen[i].shield?.final,
      seen[i].shield?.state,
    ]);
    expect(record.equity, `equity ${i}`).toBe(ledger.equity[i]);
    expect(Number(record.position), `position ${i}`).toBe(ledger.position[i]);
  });
  const last = (decisions[decisions.length - 1] as DecisionEntry).state.broker as { account: { [key: string]: Json } };
  const open = last.account.units !== 0;
  if (!open)
    expect([last.account.cash, last.account.feesPaid, last.account.turnover]).toEqual([
      ledger.equity[ledger.equity.length - 1],
      ledger.feesPaid,
      ledger.turnover,
    ]);
});

it('verify finds nothing in a true journal, and names the bar and column of any change', async () => {
  const { world, entries, decisions } = await tradeOnPaper(4);
  const [symbol] = world.candles.keys();
  const series = seriesOf(symbol, world.candles.get(symbol)!);
  const verify = (journal: readonly BotEntry[], history: CandleSeries | null = series) =>
    verifyJournal({
      name: 'test',
      entries: journal,
      symbols: [setupOf(symbol)],
      history: history === null ? null : new Map([[symbol, history]]),
      maxDataAgeMs: hourMs,
    });
  const verified = await verify(entries);
  expect(verified.differences).toEqual([]);
  expect(verified.decisions).toBe(decisions.length);
  expect(verified.candlesCompared).toBeGreaterThan(100);
  expect(verified.candlesWithoutHistory).toBe(0);
  const late = new Set(decisions.filter(({ record }) => record.runtime.dataAgeMs > hourMs));
  expect(verified.fresh.get(symbol)).toEqual(
    decisions.filter((entry) => !late.has(entry)).map(({ record }) => record.candle[0]),
  );

  const at = entries.indexOf(decisions[50]);
  const [timeMs] = decisions[50].record.candle;
  const alter = (change: (record: { [key: string]: never }) => void) => {
    const copy = structuredClone(entries) as BotEntry[];
    change((copy[at] as DecisionEntry).record as never);
    return copy;
  };
  const nudge = (values: number[], index: number) => {
    values[index] += 1e-9;
  };
  const cases: [string, (record: { [key: string]: never }) => void][] = [
    ['candle.close', (record) => nudge(record.candle, 4)],
    ['row.close_log_returns', (record) => nudge(record.row, 3)],
    ['account.drawdown_from_peak', (record) => nudge(record.account, 3)],
    ['probabilities.BUY', (record) => nudge(record.probabilities, 1)],
    ['shield.final', (record) => ((record.shield as { final: number }).final = 3)],
    ['equity', (record) => ((record as Record<string, number>).equity += 1e-9)],
    ['order', (record) => ((record as Record<string, number>).order += 1e-12)],
  ];
  for (const [column, change] of cases) {
    const { differences } = await verify(alter(change));
    expect(differences[0], column).toMatchObject({ symbol, timeMs, column });
  }
  const other = { ...series, close: series.close.slice() };
  other.close[90] += 0.01;
  expect((await verify(entries, other)).differences[0]).toMatchObject({
    column: 'candle.close',
    timeMs: series.timeMs[90],
  });
});
