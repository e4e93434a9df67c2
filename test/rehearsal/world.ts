import type { Candle } from '../../src/core/candle.ts';
import { Rng } from '../../src/core/rng.ts';
import type { Market } from '../../src/exchange/venue.ts';
import { type Fault, FaultBook } from '../../src/rehearsal/faults.ts';
import { MatchingEngine, type MatchingOptions } from '../../src/rehearsal/matching.ts';
import { PricePath } from '../../src/rehearsal/price-path.ts';
import { SimulatedVenue, type SimulatedVenueOptions } from '../../src/rehearsal/simulated-venue.ts';
import { VirtualClock } from '../../src/rehearsal/virtual-clock.ts';

export const hourMs = 3_600_000;
export const startMs = 1_700_006_400_000;

export const bitcoin: Market = {
  symbol: 'BTC/USDT',
  base: 'BTC',
  quote: 'USDT',
  active: true,
  priceTick: '0.01',
  quantityStep: '0.00001',
  minQuantity: '0.00001',
  maxQuantity: '9000',
  maxMarketQuantity: '100',
  minNotional: '5',
  takerFeeRate: '0.001',
};

/** A random walk on the tick, about 1 % an hour. */
export function walk(seed: number, count: number, timeframeMs = hourMs): Candle[] {
  const rng = new Rng(seed, 9);
  const cents = (price: number) => Math.round(price * 100) / 100;
  const candles: Candle[] = [];
  let open = 30_000;
  for (let i = 0; i < count; i++) {
    const close = cents(open * (1 + 0.01 * rng.normal()));
    const high = cents(Math.max(open, close) * (1 + 0.004 * rng.uniform()));
    const low = cents(Math.min(open, close) * (1 - 0.004 * rng.uniform()));
    const volume = Math.round(rng.uniform() * 1e7) / 1e5;
    candles.push({ timeMs: startMs + i * timeframeMs, open, high, low, close, volume, trades: 10, trends: Number.NaN });
    open = close;
  }
  return candles;
}

/** A venue with one market and a virtual clock that stands at the second bar. */
export function world(
  options: {
    seed?: number;
    bars?: number;
    timeframeMs?: number;
    faults?: readonly Fault[];
    matching?: Partial<MatchingOptions>;
    venue?: Partial<SimulatedVenueOptions>;
  } = {},
) {
  const timeframeMs = options.timeframeMs ?? hourMs;
  const candles = walk(options.seed ?? 1, options.bars ?? 48, timeframeMs);
  const paths = new Map([[bitcoin.symbol, new PricePath(candles, timeframeMs, bitcoin.priceTick)]]);
  const balances = { USDT: '10000', BTC: '0.5' };
  const engine = new MatchingEngine({
    markets: [bitcoin],
    paths,
    balances,
    feeRate: '0.001',
    feeIn: 'received',
    halfSpreadTicks: 1,
    ...options.matching,
  });
  const clock = new VirtualClock(startMs + timeframeMs);
  const venue = new SimulatedVenue({ clock, engine, paths, faults: new FaultBook(options.faults), ...options.venue });
  return { candles, paths, engine, clock, venue, timeframeMs };
}
