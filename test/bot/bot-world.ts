/** A bot on a simulated venue in virtual time: what the tests, the soak and the crash tests run. */
import { Bot } from '../../src/bot/bot.ts';
import type { BotEntry } from '../../src/bot/entries.ts';
import type { BotOptions, SymbolSetup } from '../../src/bot/options.ts';
import { type AccountConfig, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import type { Agent, Observation } from '../../src/core/agent.ts';
import type { Candle } from '../../src/core/candle.ts';
import type { FileSystem } from '../../src/core/file-system.ts';
import { Rng } from '../../src/core/rng.ts';
import type { Market } from '../../src/exchange/venue.ts';
import { logReturns } from '../../src/features/log-returns.ts';
import { RealTimeFeatureEng } from '../../src/features/realtime.ts';
import type { Scaler } from '../../src/features/scaler.ts';
import { defineFeatureSet } from '../../src/features/sets.ts';
import { type Fault, FaultBook } from '../../src/rehearsal/faults.ts';
import { MatchingEngine, type MatchingOptions } from '../../src/rehearsal/matching.ts';
import { PricePath } from '../../src/rehearsal/price-path.ts';
import { SimulatedVenue, type SimulatedVenueOptions } from '../../src/rehearsal/simulated-venue.ts';
import { VirtualClock } from '../../src/rehearsal/virtual-clock.ts';
import { createShield, type Overrides, type Profile } from '../../src/shield/index.ts';

export const minuteMs = 60_000;
export const startMs = 1_700_006_400_000;
/** Bars before the bot starts. */
export const WARM_UP = 20;

export const marketOf = (base: string): Market => ({
  symbol: `${base}/USDT`,
  base,
  quote: 'USDT',
  active: true,
  priceTick: '0.01',
  quantityStep: '0.00001',
  minQuantity: '0.00001',
  maxQuantity: '9000',
  maxMarketQuantity: '100',
  minNotional: '5',
  takerFeeRate: '0.001',
});

/**
 * A random walk on the tick, about 1 % a bar, in which neighbouring bars don't join exactly. In a calm one the price
 * rests at the open for the first third of a bar, so that an order fills alike whenever it comes in that time.
 */
export function walk(
  seed: number,
  count: number,
  timeframeMs: number,
  price = 30_000,
  calm = false,
  volatility = 0.01,
): Candle[] {
  const rng = new Rng(seed, 9);
  const cents = (value: number) => Math.round(value * 100) / 100;
  const candles: Candle[] = [];
  let last = price;
  for (let i = 0; i < count; i++) {
    const open = cents(last * (1 + 0.0005 * rng.normal()));
    const close = cents(open * (1 + volatility * rng.normal()));
    const above = calm && close < open ? 0 : 0.004 * rng.uniform();
    const below = calm && close >= open ? 0 : 0.004 * rng.uniform();
    const high = cents(Math.max(open, close) * (1 + above));
    const low = cents(Math.min(open, close) * (1 - below));
    const volume = Math.round(rng.uniform() * 1e7) / 1e5;
    candles.push({ timeMs: startMs + i * timeframeMs, open, high, low, close, volume, trades: 10, trends: Number.NaN });
    last = close;
  }
  return candles;
}

const featureSet = defineFeatureSet('test', [logReturns.create({})]);
const width = featureSet.columns.length;
const scaler: Scaler = {
  method: 'standardise',
  columns: featureSet.columns,
  signature: featureSet.signature,
  shift: new Float64Array(width),
  factor: new Float64Array(width).fill(100),
  low: new Float64Array(width).fill(-10),
  high: new Float64Array(width).fill(10),
  accountScale: 1,
  fitted: { fromMs: 0, toMs: 0, rows: 2 },
};

export const createFeatures = (timeframeMs: number) =>
  new RealTimeFeatureEng(featureSet, scaler, timeframeMs, { window: 4 });
export const testFeatures = { featureSet, scaler, window: 4 };

/** Deterministic, and trades a lot: the bits of the observation choose among the allowed actions. */
export const restlessAgent: Agent = {
  kind: 'restless',
  getAction: (obs) => decideRestlessly(obs).action,
  decide: decideRestlessly,
};

function decideRestlessly({ values, mask }: Observation) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(Math.round(values[i] * 1000)) * (i + 1);
  const wish = ([BUY, SELL, BUY, HOLD] as const)[sum % 4];
  const action: Action = mask[wish] === 1 ? wish : HOLD;
  return { action, probabilities: [0.25, 0.5, 0.25], qValues: null };
}

export interface WorldOptions {
  readonly kind?: 'paper' | 'live';
  readonly seed?: number;
  readonly bars?: number;
  readonly timeframeMs?: number;
  readonly bases?: readonly string[];
  readonly calm?: boolean;
  /** Standard deviation of a bar's return. */
  readonly volatility?: number;
  /** Bars before the bot starts. */
  readonly startBars?: number;
  readonly faults?: readonly Fault[];
  readonly profile?: Profile;
  readonly overrides?: Overrides;
  readonly account?: Partial<AccountConfig>;
  readonly matching?: Partial<MatchingOptions>;
  readonly venue?: Partial<SimulatedVenueOptions>;
  readonly bot?: Partial<BotOptions>;
}

/** The venue's side, which outlives the bots that run on it. */
export function createWorld(options: WorldOptions = {}) {
  const { seed = 1, bars = 80, timeframeMs = minuteMs, bases = ['BTC'], kind = 'live' } = options;
  const markets = bases.map(marketOf);
  const candles = new Map(
    markets.map((market, i) => [
      market.symbol,
      walk(seed * 31 + i, bars, timeframeMs, 30_000 / 5 ** i, options.calm, options.volatility),
    ]),
  );
  const paths = new Map(
    [...candles].map(([symbol, rows]) => [symbol, new PricePath(rows, timeframeMs, '0.01')] as const),
  );
  const engine = new MatchingEngine({
    markets,
    paths,
    balances: { USDT: String(10_000 * bases.length + 137), ...Object.fromEntries(bases.map((base) => [base, '0.5'])) },
    feeRate: '0.001',
    feeIn: 'received',
    halfSpreadTicks: 1,
    ...options.matching,
  });
  const faults = new FaultBook(options.faults);
  const createClock = (atMs: number) => new VirtualClock(atMs);

  /** Fresh features, agent, shield and account of every symbol. */
  const createSymbols = (): SymbolSetup[] =>
    markets.map(({ symbol }) => ({
      symbol,
      market: null,
      account: { ...DEFAULT_ACCOUNT, quantityStep: 0.00001, ...options.account },
      features: createFeatures(timeframeMs),
      agent: restlessAgent,
      shield: createShield({ profile: options.profile ?? 'none', overrides: options.overrides ?? {} }),
    }));

  /** One life of the bot, from `fromMs` until `untilMs` or a crash. */
  async function live(
    files: FileSystem,
    clock: VirtualClock,
    untilMs: number,
    venue: SimulatedVenue,
    haltMs = Number.NaN,
  ) {
    const entries: BotEntry[] = [];
    const stop = new AbortController();
    let bot: Bot | null = null;
    const run = async () => {
      bot = new Bot({
        kind,
        venue,
        clock,
        elapsedMs: () => 0,
        files,
        folder: 'bots/test',
        id: 'abcdef01',
        runId: 'run0',
        timeframeMs,
        symbols: createSymbols(),
        setup: {},
        warmUpBars: WARM_UP - 2,
        maxDrawdown: 0,
        maxDataAgeMs: timeframeMs / 2,
        onEntry: (entry) => entries.push(entry),
        ...options.bot,
      });
      await bot.run(stop.signal);
    };
    const running = run();
    const timer = clock.sleep(untilMs - clock.nowMs(), stop.signal).then(
      () => stop.abort(new Error('the day is over')),
      () => {},
    );
    let halted = false;
    if (haltMs > clock.nowMs())
      clock
        .sleep(haltMs - clock.nowMs(), stop.signal)
        .then(() => {
          bot?.halt('test', 'a person said so');
          halted = true;
        })
        .catch(() => {});
    running.catch(() => stop.abort(new Error('crashed')));
    let failure: unknown = null;
    await clock.runUntil(running).catch((error) => {
      failure = error;
    });
    await timer;
    return { bot: bot as Bot | null, entries, failure, halted };
  }

  const createVenue = (clock: VirtualClock) => new SimulatedVenue({ clock, engine, paths, faults, ...options.venue });
  const firstMs = startMs + (options.startBars ?? WARM_UP) * timeframeMs + 5_000;
  const endMs = startMs + bars * timeframeMs;
  return { candles, engine, createSymbols, faults, paths, timeframeMs, firstMs, endMs, createClock, createVenue, live };
}
