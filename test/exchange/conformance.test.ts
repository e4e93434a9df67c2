/**
 * What the conformance checks ask of a venue, run through ccxt against servers that were written without the rows of
 * the venue table: `test/venue` speaks the venues' documented dialects from a ledger of its own.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { checkConformance } from '../../src/exchange/conformance.ts';
import type { Venue } from '../../src/exchange/venue.ts';
import { venueRow, venueRows } from '../../src/exchange/venues/index.ts';
import { amount } from '../venue/amount.ts';
import { MarketPath } from '../venue/market-path.ts';
import { connectDialect, dialectNames, symbol } from './local-dialect.ts';
import { realClock } from './local-venue.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** How a venue of the table is reached in these tests; one that isn't here has `tested: false`. */
const servers: Record<string, () => Promise<Venue>> = Object.fromEntries(
  dialectNames.map((name) => [
    name,
    async () => {
      const path = new MarketPath(1, Date.now() - 600_000, 3_600, 30_000);
      const balances = { USDT: amount('1000'), BTC: amount('0.5') };
      const { venue, close } = await connectDialect(name, { path, balances }, realClock);
      closing.push(close);
      return venue;
    },
  ]),
);

const run = (venue: Venue) =>
  checkConformance({ venue, symbol, clock: realClock, tag: 'conform00', patienceMs: 3_000 });
const failures = async (venue: Venue) =>
  (await run(venue)).filter(({ ok }) => !ok).map(({ check, saw }) => `${check}: ${saw}`);

describe('every venue that is called tested', () => {
  const tested = venueRows.filter((row) => row.tested).map(({ name }) => name);

  it('has a server here', () => expect(tested.toSorted()).toEqual(Object.keys(servers).toSorted()));

  it.each(tested)('%s passes every check', async (name) => {
    const findings = await run(await servers[name]());
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.length).toBe(venueRow(name).onExchangeStop ? 10 : 9);
  });
});

describe('a venue that is no good', () => {
  const liar = async (change: (real: Venue) => Partial<Venue>) => {
    const real = await servers.binance();
    const bound = new Proxy(real, {
      get(target, name) {
        const changed = change(real) as Record<string | symbol, unknown>;
        if (name in changed) return changed[name];
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return failures(bound);
  };

  it('that buys another quantity', async () => {
    const found = await liar((real) => ({
      createOrder: (request) =>
        real.createOrder(request.type === 'market' ? { ...request, quantity: '0.01' } : request),
    }));
    expect(found).toContainEqual(expect.stringMatching(/^a market buy by quantity: its quantity is 0.01/));
  });

  it('that knows orders which never were', async () => {
    const found = await liar((real) => ({
      fetchOrder: async (id, name) =>
        (await real.fetchOrder(id, name)) ?? {
          ...{ clientOrderId: id, venueOrderId: '1', symbol: name, side: 'buy', type: 'limit', quantity: '1' },
          ...{ price: '1', filled: '0', status: 'open', timeMs: 0 },
        },
    }));
    expect(found[0]).toMatch(/^an order that never was/);
  });

  it('whose fills by time lack some', async () => {
    const found = await liar((real) => ({
      fetchFills: async (name, which) =>
        'order' in which ? real.fetchFills(name, which) : (await real.fetchFills(name, which)).slice(1),
    }));
    expect(found[0]).toMatch(/^fills by order and by time: the fills since/);
  });

  it('that forgets our id', async () => {
    const found = await liar((real) => ({
      fetchOrder: async (id, name) => {
        const order = await real.fetchOrder(id, name);
        return order === null ? null : { ...order, clientOrderId: 'x' };
      },
    }));
    expect(found[0]).toMatch(/it goes by x/);
  });

  it('that ignores a cancel', async () => {
    const found = await liar(() => ({ cancelOrder: async () => 'not-open' as const }));
    expect(found[0]).toMatch(/could not be cancelled/);
  });
});
