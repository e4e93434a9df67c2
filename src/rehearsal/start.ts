import { type CandleSeries, candleAt } from '../core/candle.ts';
import type { Clock } from '../core/clock.ts';
import { InputError } from '../core/errors.ts';
import type { Market } from '../exchange/venue.ts';
import { AcceleratedClock } from './accelerated-clock.ts';
import type { ServerKeys } from './dialect.ts';
import { drawFaults, FaultBook, type FaultKind } from './faults.ts';
import { MatchingEngine } from './matching.ts';
import { PricePath } from './price-path.ts';
import { RehearsalServer } from './server.ts';

export interface RehearsalSetup {
  /** One a symbol, of one timeframe. A symbol without '/' is quoted in USDT. */
  readonly series: readonly CandleSeries[];
  /** The machine's clock. */
  readonly real: Clock;
  /** Time at which the venue begins; what lies before is its history. */
  readonly startMs: number;
  /** End of the fault schedule. */
  readonly endMs: number;
  /** How much faster than real time. */
  readonly speed: number;
  readonly port?: number;
  readonly seed: number;
  /** How many faults are drawn over the whole stretch. */
  readonly faults: number;
  readonly faultKinds?: readonly FaultKind[];
  readonly keys: ServerKeys;
  /** Free quote currency at the start. */
  readonly quoteBalance: string;
  readonly feeRate: string;
  readonly feeIn: 'received' | 'quote';
}

export interface Rehearsal {
  readonly server: RehearsalServer;
  readonly url: string;
  readonly clock: AcceleratedClock;
  readonly symbols: readonly string[];
}

/** Starts a rehearsal venue on stored or synthetic candles, its faults drawn from the seed. */
export async function startRehearsal(setup: RehearsalSetup): Promise<Rehearsal> {
  const { series, startMs, endMs, speed, seed } = setup;
  const markets = series.map((one) => marketFor(one.symbol, one.close[one.length - 1]));
  const paths = new Map(
    series.map((one, i) => {
      const candles = Array.from({ length: one.length }, (_, row) => candleAt(one, row));
      return [markets[i].symbol, new PricePath(candles, one.timeframeMs, markets[i].priceTick)];
    }),
  );
  for (const [symbol, path] of paths) {
    if (startMs < path.startMs || startMs >= path.endMs)
      throw new InputError(`${symbol}: the rehearsal begins outside of its candles`);
  }
  const bases = Object.fromEntries(markets.map((market) => [market.base, '0']));
  const engine = new MatchingEngine({
    markets,
    paths,
    balances: { ...bases, [markets[0].quote]: setup.quoteBalance },
    feeRate: setup.feeRate,
    feeIn: setup.feeIn,
    halfSpreadTicks: 1,
  });
  const kinds = setup.faultKinds === undefined ? {} : { kinds: setup.faultKinds };
  const longestMs = 2 * series[0].timeframeMs;
  // A bot needs some seconds to get up; a venue that fails it then is only a bot that doesn't start.
  const fromMs = startMs + Math.min((endMs - startMs) / 2, 6_000 * speed);
  const faults = new FaultBook(drawFaults(seed, { startMs: fromMs, endMs, count: setup.faults, longestMs, ...kinds }));
  const clock = new AcceleratedClock(setup.real, startMs, speed);
  const server = new RehearsalServer({ clock, engine, paths, keys: setup.keys, faults, speed });
  const url = await server.start(setup.port ?? 0);
  return { server, url, clock, symbols: markets.map((market) => market.symbol) };
}

/** Filters such as a large venue has at this price: about seven digits of price, steps worth about a tenth of a cent. */
export function marketFor(symbol: string, price: number): Market {
  const [base, quote = 'USDT'] = symbol.split('/');
  const digits = Math.floor(Math.log10(price)) + 1;
  const power = (exponent: number) => (exponent >= 0 ? `1${'0'.repeat(exponent)}` : `0.${'0'.repeat(-exponent - 1)}1`);
  const quantityStep = power(Math.max(-8, -digits));
  return {
    symbol: `${base}/${quote}`,
    base,
    quote,
    active: true,
    priceTick: power(Math.max(-8, digits - 7)),
    quantityStep,
    minQuantity: quantityStep,
    maxQuantity: null,
    maxMarketQuantity: null,
    minNotional: '5',
    takerFeeRate: '0.001',
  };
}
