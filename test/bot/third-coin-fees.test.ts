/** Fees in a coin that is neither base nor quote, on a venue that takes them from the user's own BNB. */
import { describe, expect, it } from 'vitest';
import { requireOneQuote } from '../../src/bot/setup.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import type { Venue } from '../../src/exchange/venue.ts';
import { short } from '../venue/amount.ts';
import { type Day, MINUTE, openDay } from '../venue/day.ts';
import { restlessAgent } from './bot-world.ts';

const own = { BTC: '0.5', USDT: '137', BNB: '5' };

/** What the venue took for the bot's trades, and what that is worth at its price. */
const feesOf = ({ exchange }: Day) => exchange.trades.reduce((sum, { fee }) => sum + Number(short(fee)) * 100, 0);

function equityAtVenue({ exchange, own: mine, time, rules }: Day): number {
  const held = (coin: string) => Number(short(exchange.ledger.total(coin) - (mine[coin] ?? 0n)));
  const price = Number(short(exchange.path(rules[0]).priceAt(time.ms)));
  return held('USDT') + held('BTC') * price + held('BNB') * 100;
}

/** The venue, but for some prices: null where it says that there is no such market, undefined where it says its own. */
function quoting(venue: Venue, priceOf: (symbol: string) => string | null | undefined): Venue {
  const ask = venue.fetchQuote.bind(venue);
  venue.fetchQuote = async (symbol) => {
    const price = priceOf(symbol);
    if (price === null) throw new ExchangeError(`no ${symbol}`, { code: 'input', retryable: true });
    return price === undefined ? ask(symbol) : { bid: price, ask: price, timeMs: 0 };
  };
  return venue;
}

describe('a fee in BNB', () => {
  it('counts in the equity, at the price of BNB, and the journal follows from itself', async () => {
    const day = openDay({ own, feeCoin: 'BNB', agent: restlessAgent });
    const life = day.start(day.files);
    const { broker } = life.bot.traders[0];
    await day.pass(20 * MINUTE);
    expect(day.exchange.trades.length).toBeGreaterThan(5);
    const { account } = broker;
    expect(account.feesPaid).toBeCloseTo(feesOf(day), 6);
    const price = Number(short(day.exchange.path(day.rules[0]).priceAt(day.time.ms)));
    expect(account.equityAt(price)).toBeCloseTo(equityAtVenue(day), 4);
    const { startingEquity } = account.config;
    const { deposits, markPnl, feesPaid, slippagePaid } = account;
    expect(account.equity).toBeCloseTo(startingEquity + deposits + markPnl - feesPaid - slippagePaid, 6);
    expect(life.alarms).not.toContain('holdings-changed');
    await life.stop();
    const entries = day.entries(day.files);
    expect(await day.differences(entries)).toEqual([]);
    const at = entries.findIndex(({ type }) => type === 'fee');
    expect(await day.differences(entries.toSpliced(at, 1))).not.toEqual([]);
    const again = day.start(day.files);
    expect(again.bot.traders[0].broker.account.feesPaid).toBeCloseTo(feesOf(day), 6);
    await day.pass(MINUTE);
    await again.stop();
  });

  it('without a known price is a state of its own in which nothing is opened, and exits go', async () => {
    const day = openDay({ own, feeCoin: 'BNB', agent: restlessAgent });
    let silent = true;
    const venue = quoting(day.createPort(), (symbol) => (silent && symbol.includes('BNB') ? null : undefined));
    const life = day.start(day.files, { venue });
    const { broker } = life.bot.traders[0];
    const buys = () => day.exchange.orders.filter(({ side }) => side === 'BUY').length;
    expect(await day.until(() => buys() === 1)).toBe(true);
    await day.pass(10 * MINUTE);
    expect(broker.unresolved).toMatch(/a fee of 0\.\d+ BNB has no known price/);
    expect(life.alarms).toContain('fee-unpriced');
    expect(buys()).toBe(1);
    expect(await day.until(() => broker.account.units === 0, 20 * MINUTE)).toBe(true);
    silent = false;
    expect(await day.until(() => buys() > 1, 10 * MINUTE)).toBe(true);
    expect(broker.account.feesPaid).toBeCloseTo(feesOf(day), 2);
    await life.stop();
    expect(await day.differences(day.entries(day.files))).toEqual([]);
  });

  it('is priced by way of the base currency, or of the reverse market', async () => {
    for (const [way, price] of [
      ['BNB/BTC', String(100 / 30_000)],
      ['USDT/BNB', '0.01'],
    ]) {
      const day = openDay({ own, feeCoin: 'BNB' });
      const venue = quoting(day.createPort(), (symbol) =>
        symbol === way ? price : symbol.includes('BNB') ? null : undefined,
      );
      const life = day.start(day.files, { venue });
      const { account } = life.bot.traders[0].broker;
      expect(await day.until(() => account.feesPaid > 0, 3 * MINUTE), way).toBe(true);
      expect(account.feesPaid / feesOf(day)).toBeCloseTo(1, 0);
      await life.stop();
    }
  });
});

it('symbols of several quote currencies are refused in one line', () => {
  expect(() => requireOneQuote(['BTC/USDT', 'ETH/BTC'])).toThrow(
    "BTC/USDT, ETH/BTC: a bot's symbols share one quote currency, these have USDT and BTC; run a bot for each",
  );
  expect(() => requireOneQuote(['BTC/USDT', 'ETH/USDT'])).not.toThrow();
});
