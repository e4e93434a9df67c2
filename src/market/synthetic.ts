/**
 * A seeded market that looks like one. Volatility is a product of a slow and a fast log-AR(1) (two-component
 * stochastic volatility, as in Taylor 1986), a time of day and, in the plain market, a regime; returns are normal given
 * the volatility, plus rare jumps; volume and trade counts follow volatility and the size of the move; a weekly Google
 * Trends score follows the market's attention and is published late.
 *
 * Three kinds:
 * - plain: regimes (calm, bull, bear, storm) with drifts.
 * - martingale: no regimes; the log drift of a bar is exactly -sigma^2/2 given sigma, and jumps are compensated, so
 *   E[close[t+1] | all up to t] = close[t] exactly: nobody can earn anything but their costs' loss.
 * - signal R: the martingale's noise plus a planted signal. s[t] (unit variance, AR(1)) is how many small traders
 *   come: the innovation of log(trades / volume). It foretells the next bar: E[r[t+1] | t] = c sigma[t+1] s[t], with c
 *   such that the correlation of s[t] with the log return r[t+1] is R. An agent sees s in the difference of the columns
 *   `trades_log_returns` and `volume_log_returns` (so it takes a set with trade counts); `truth` hands the exact
 *   conditional expectation to oracles.
 */
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { exp, log, tanh } from '../core/math.ts';
import { Rng } from '../core/rng.ts';
import { allocateSeries } from './series.ts';
import { joinTrends, type Trend } from './trends.ts';

/** What a synthetic market is like. */
export interface SyntheticOptions {
  readonly bars: number;
  readonly seed: number;
  /** Default 'synthetic' and 'SYNTH'. */
  readonly venue?: string;
  readonly symbol?: string;
  /** Default one hour. */
  readonly timeframeMs?: number;
  /** Open of the first bar, Unix ms; default 2020-01-01. Rounded down to the timeframe's grid. */
  readonly startMs?: number;
  /** Default 20,000. */
  readonly startPrice?: number;
  /** Standard deviation of an hour's log return; default 0.008. Longer bars scale by the square root of time. */
  readonly volatility?: number;
  readonly martingale?: boolean;
  /** Correlation of the planted signal with the next log return, |R| <= 0.7; 0 plants none. */
  readonly signal?: number;
  /** AR(1) coefficient of the signal over bars; default 0.8. What persists can be traded in spite of costs. */
  readonly persistence?: number;
  /**
   * The control: returns follow a signal of the same deviation that nothing visible shows, drawn anew for every bar, as
   * shuffled labels are; one that persisted would show in the returns themselves.
   */
  readonly shuffled?: boolean;
  /** Default true. */
  readonly trends?: boolean;
}

/** What nobody in a real market knows. One entry a bar. */
export interface SyntheticTruth {
  /** E[ln(close[t+1] / close[t]) | everything up to the close of t]. */
  readonly expectedLogReturn: Float64Array;
  /** s[t], visible in trades per volume. */
  readonly signal: Float64Array;
  /** Volatility of bar t before jumps, fixed at the end of bar t-1. */
  readonly sigma: Float64Array;
  /** Index into REGIMES. */
  readonly regime: Uint8Array;
  /** c and d of the next return c sigma s + d sigma N(0, 1), before compensation and jumps; 0 and 1 without a signal. */
  readonly signalWeight: number;
  readonly noiseShare: number;
}

export interface SyntheticMarket {
  /** With the trends joined as a bar may know them. */
  readonly series: CandleSeries;
  /** The weekly scores themselves, as they are imported; empty where there are none. */
  readonly trends: readonly Trend[];
  readonly truth: SyntheticTruth;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** 2020-01-01T00:00Z. */
const DEFAULT_START_MS = 1_577_836_800_000;

/** Volatility factor, drift in standard deviations a bar, mean length in bars. */
export const REGIMES = [
  { name: 'calm', volatility: 0.7, drift: 0, bars: 400 },
  { name: 'bull', volatility: 0.9, drift: 0.035, bars: 300 },
  { name: 'bear', volatility: 1.3, drift: -0.03, bars: 250 },
  { name: 'storm', volatility: 2.2, drift: -0.01, bars: 60 },
] as const;

/** Volatility by hour of the day (UTC), quiet before dawn, busiest when both continents are awake. */
const TIME_OF_DAY = [
  ...[0.98, 0.95, 0.9, 0.84, 0.78, 0.75, 0.78, 0.86, 0.95, 0.98, 0.95, 0.97],
  ...[1.05, 1.18, 1.32, 1.34, 1.27, 1.17, 1.08, 1.04, 1.03, 1.02, 1.0, 0.98],
];

const SLOW = { coefficient: 0.995, deviation: 0.35 };
const FAST = { coefficient: 0.9, deviation: 0.3 };
const JUMP = { probability: 0.0015, deviations: 6 };
/** Log volume: a memory of its own, and weights of log volatility and of the size of the bar's move. */
const VOLUME = { coefficient: 0.8, deviation: 0.4, volatility: 0.9, move: 0.25, mean: 1200 };
/** Log of trades per volume: memory, weight of the signal, noise, mean. */
const TRADES = { memory: 0.95, signal: 0.1, noise: 0.005, mean: 20 };
/** Steps within a bar, from which its high and low come. */
const STEPS = 8;

/** Mean factor and mean squared factor of the time of day over the bars' grid. */
function timeOfDay(startMs: number, timeframeMs: number): { factors: Float64Array; mean: number; square: number } {
  const count = Math.max(1, Math.round(DAY_MS / timeframeMs));
  const factors = new Float64Array(count);
  const hours = Math.min(24, Math.max(1, Math.round(timeframeMs / HOUR_MS)));
  let mean = 0;
  let square = 0;
  for (let i = 0; i < count; i++) {
    const hour = Math.floor((startMs + i * timeframeMs) / HOUR_MS) % 24;
    let variance = 0;
    for (let h = 0; h < hours; h++) {
      const factor = TIME_OF_DAY[(hour + h) % 24];
      variance += (factor * factor) / hours;
    }
    factors[i] = Math.sqrt(variance);
    mean += factors[i] / count;
    square += variance / count;
  }
  return { factors, mean, square };
}

function autoregress(rng: Rng, value: number, { coefficient, deviation }: typeof SLOW): number {
  return coefficient * value + Math.sqrt(1 - coefficient * coefficient) * deviation * rng.normal();
}

function check(options: SyntheticOptions): void {
  const { bars, martingale = false, signal = 0, persistence = 0.8, volatility = 0.008 } = options;
  if (!Number.isInteger(bars) || bars < 1) throw new InputError(`bars is ${bars}; give a whole number from 1`);
  if (!(Math.abs(signal) <= 0.7)) throw new InputError(`signal is ${signal}; give a correlation from -0.7 to 0.7`);
  if (martingale && signal !== 0)
    throw new InputError('a market is either a martingale or has a planted signal; give one of the two');
  if (!(persistence >= 0 && persistence < 1)) throw new InputError(`persistence is ${persistence}; give 0 to below 1`);
  if (!(volatility > 0 && volatility <= 0.1)) throw new InputError(`volatility is ${volatility}; give 0 to 0.1`);
}

/**
 * @throws InputError for options out of range.
 * @example
 * const { series: market, truth } = synthesize({ bars: 500, seed: 1, signal: 0.3 });
 * market.length === truth.signal.length; // => true
 */
export function synthesize(options: SyntheticOptions): SyntheticMarket {
  check(options);
  const { bars, seed, venue = 'synthetic', symbol = 'SYNTH', timeframeMs = HOUR_MS } = options;
  const { startPrice = 20_000, volatility = 0.008, signal: correlation = 0, persistence = 0.8 } = options;
  const startMs = Math.floor((options.startMs ?? DEFAULT_START_MS) / timeframeMs) * timeframeMs;
  const plain = options.martingale !== true && correlation === 0;
  const series = allocateSeries({ venue, symbol, timeframeMs }, bars, { trades: true, trends: false });
  const column = () => new Float64Array(bars);

  // One stream of random numbers a purpose, so that a martingale and a signal market of one seed share their noise.
  const [noise, shape, signals, hidden, jumps] = [1, 2, 3, 4, 5].map((stream) => new Rng(seed, stream));

  // E[sigma] and E[sigma^2] follow from the parts: the level that gives the asked deviation, and the signal's weight.
  const day = timeOfDay(startMs, timeframeMs);
  const spread = SLOW.deviation * SLOW.deviation + FAST.deviation * FAST.deviation;
  const cycle = REGIMES.reduce((sum, regime) => sum + regime.bars, 0);
  const regimeSquare = REGIMES.reduce((sum, r) => sum + (r.bars / cycle) * r.volatility * r.volatility, 0);
  const target = volatility * Math.sqrt(timeframeMs / HOUR_MS);
  const jumpShare = JUMP.probability * JUMP.deviations * JUMP.deviations;
  const squareFactor = day.square * exp(2 * spread) * (plain ? regimeSquare : 1);
  const base = target / Math.sqrt(squareFactor * (1 + jumpShare));
  const meanSigma = base * day.mean * exp(spread / 2);
  const meanSquare = base * base * squareFactor;
  const variance = meanSquare * (1 + jumpShare);
  // corr = c E[sigma] / S = R, and the variance stays S^2: c^2 E[sigma^2] + d^2 S^2 = S^2.
  const c = (correlation * Math.sqrt(variance)) / meanSigma;
  const d = Math.sqrt(1 - (c * c * meanSquare) / variance);
  const step = Math.sqrt(1 - persistence * persistence);
  const truth = {
    ...{ expectedLogReturn: column(), signal: column(), sigma: column(), regime: new Uint8Array(bars) },
    ...{ signalWeight: c, noiseShare: d },
  };

  let slow = SLOW.deviation * shape.normal();
  let fast = FAST.deviation * shape.normal();
  let regime = plain ? shape.integer(REGIMES.length) : 0;
  let visible = signals.normal();
  let driver = options.shuffled === true ? hidden.normal() : visible;
  let volumeLevel = 0;
  let tradesLevel = 0;
  let price = log(startPrice);
  let sigma = 0;

  // The bars before the first warm the levels of volume and trades up; `expected` is the drift of bar t, known at t - 1.
  const before = 64;
  for (let i = -before; i < bars; i++) {
    const expected = (() => {
      slow = autoregress(shape, slow, SLOW);
      fast = autoregress(shape, fast, FAST);
      if (plain && shape.uniform() < 1 / REGIMES[regime].bars) regime = nextRegime(shape, regime);
      const part = (((i % day.factors.length) + day.factors.length) % day.factors.length) | 0;
      sigma = base * day.factors[part] * exp(slow + fast) * (plain ? REGIMES[regime].volatility : 1);
      const compensation = -0.5 * d * d * sigma * sigma;
      return compensation + (plain ? REGIMES[regime].drift : c * driver) * sigma;
    })();
    if (i > 0) truth.expectedLogReturn[i - 1] = expected;

    // Within the bar: equal steps, and in one of them perhaps a jump J = N(-v/2, v), for which E[exp J] = 1.
    const jumpStep = jumps.uniform() < JUMP.probability ? jumps.integer(STEPS) : -1;
    const open = price;
    let [high, low] = [price, price];
    for (let k = 0; k < STEPS; k++) {
      price += expected / STEPS + (d * sigma * noise.normal()) / Math.sqrt(STEPS);
      if (k === jumpStep) {
        const size = d * JUMP.deviations * sigma;
        price += size * jumps.normal() - 0.5 * size * size;
      }
      if (price > high) high = price;
      if (price < low) low = price;
    }
    const move = Math.abs(price - open) / sigma;

    visible = persistence * visible + step * signals.normal();
    driver = options.shuffled === true ? hidden.normal() : visible;
    tradesLevel = TRADES.memory * tradesLevel + TRADES.signal * visible;
    volumeLevel = autoregress(shape, volumeLevel, VOLUME);
    const busy = VOLUME.volatility * log(sigma / meanSigma) + VOLUME.move * move;
    const volume = VOLUME.mean * exp(volumeLevel + busy);
    const perVolume = TRADES.mean * exp(tradesLevel + TRADES.noise * shape.normal());
    if (i < 0) {
      price = open;
      continue;
    }
    truth.sigma[i] = sigma;
    truth.signal[i] = visible;
    truth.regime[i] = regime;
    series.timeMs[i] = startMs + i * timeframeMs;
    series.open[i] = exp(open);
    series.high[i] = exp(high);
    series.low[i] = exp(low);
    series.close[i] = exp(price);
    series.volume[i] = volume;
    series.trades![i] = 1 + Math.floor(volume * perVolume);
  }
  truth.expectedLogReturn[bars - 1] = Number.NaN;
  const trends = options.trends === false ? [] : synthesizeTrends(series, new Rng(seed, 6));
  return { series: joinTrends(series, trends), trends, truth };
}

/** Another regime than `from`, by equal chance: the time spent in each is then in proportion to its mean length. */
function nextRegime(rng: Rng, from: number): number {
  return (from + 1 + rng.integer(REGIMES.length - 1)) % REGIMES.length;
}

/**
 * Weekly scores 0-100: the week's range and an attention of its own that fades over weeks. They begin early enough
 * that the first bar has one.
 */
function synthesizeTrends(series: CandleSeries, rng: Rng): Trend[] {
  const firstWeek = Math.floor(series.timeMs[0] / WEEK_MS) - 4;
  const lastWeek = Math.floor(series.timeMs[series.length - 1] / WEEK_MS);
  const trends: Trend[] = [];
  let attention = rng.normal();
  let bar = 0;
  for (let week = firstWeek; week <= lastWeek; week++) {
    attention = autoregress(rng, attention, { coefficient: 0.85, deviation: 1 });
    let [high, low] = [0, Number.POSITIVE_INFINITY];
    while (bar < series.length && series.timeMs[bar] < (week + 1) * WEEK_MS) {
      if (series.high[bar] > high) high = series.high[bar];
      if (series.low[bar] < low) low = series.low[bar];
      bar++;
    }
    const range = high > 0 ? log(high / low) : 0.1;
    const value = Math.round(50 + 48 * tanh(0.35 * attention + 4 * (range - 0.12)));
    trends.push({ timeMs: week * WEEK_MS, periodMs: WEEK_MS, value });
  }
  return trends;
}
