/** Answers of a venue, read at our door and through ccxt. Truth: what must hold of any order, fill, balance, candle. */
import { ExchangeError, InputError } from '../../src/core/errors.ts';
import type { Rng } from '../../src/core/rng.ts';
import type { Call } from '../../src/rehearsal/dialect.ts';
import type { Outcome as Answer } from '../../src/rehearsal/server.ts';
import { checks, mutateAnswer, readers, sound } from '../../test/exchange/answer-readers.ts';
import { localVenue, minuteMs } from '../../test/exchange/local-venue.ts';
import { startMs } from '../../test/rehearsal/world.ts';
import { chance, pick } from './mutate.ts';
import type { Outcome, Surface } from './surface.ts';

const SYMBOL = 'BTC/USDT';
const everyObject = () => Reflect.ownKeys(Object.prototype).length;

async function openVenue(name: string) {
  let rng: Rng | null = null;
  const intercept = (_call: Call, answer: () => Answer): Answer => {
    const reply = answer();
    if (rng === null || typeof reply === 'string' || chance(rng, 0.1)) return reply;
    if (chance(rng, 0.03)) return { ...reply, body: JSON.stringify(reply.body).slice(0, rng.integer(60)) };
    return {
      ...reply,
      status: chance(rng, 0.05) ? pick(rng, [400, 418, 429, 500]) : reply.status,
      body: mutateAnswer(reply.body, rng, 0.02) ?? null,
    };
  };
  const { connector, close } = await localVenue(name, { server: { intercept }, connector: { timeoutMs: 5_000 } });
  await connector.connect();
  await connector.createOrder({ clientOrderId: 'f-0', symbol: SYMBOL, side: 'buy', type: 'market', quantity: '0.01' });
  const calls: (() => Promise<boolean>)[] = [
    async () =>
      checks.candles(
        await connector.fetchCandles(SYMBOL, minuteMs, startMs + 195 * minuteMs, startMs + 300 * minuteMs),
      ),
    async () =>
      [...(await connector.fetchBalances()).values()].every(({ free, locked }) => sound(free) && sound(locked)),
    async () => {
      const order = await connector.fetchOrder('f-0', SYMBOL);
      // The order exists: null would be a lie of the parser, after which a bot sends again.
      return order !== null && checks.order(order);
    },
    async () => (await connector.fetchOpenOrders(SYMBOL)).every(checks.order),
    async () => checks.fills(await connector.fetchFills(SYMBOL, { sinceMs: startMs })),
    async () => checks.market(await connector.fetchMarket(SYMBOL, true)),
    async () => sound((await connector.fetchQuote(SYMBOL)).bid),
    async () => Number.isInteger(await connector.measureClock()),
  ];
  return {
    close,
    call(own: Rng): Promise<boolean> {
      rng = own;
      return pick(own, calls)().finally(() => {
        rng = null;
      });
    },
  };
}

export const venue: Surface = {
  name: 'venue',
  about:
    "a venue's answers, read directly and through ccxt; wrong: a number that can't be, an order denied that exists",
  inputs: 15_000,
  async open() {
    const venues = await Promise.all(['binance', 'bybit'].map(openVenue));
    const known = everyObject();
    return {
      async attempt(rng): Promise<Outcome> {
        try {
          const reader = pick(rng, readers);
          const isSound = chance(rng, 0.8)
            ? reader.read(mutateAnswer(reader.valid, rng, pick(rng, [0.06, 0.3])))
            : await pick(rng, venues).call(rng);
          if (everyObject() !== known) return { wrong: 'every object of the process has a new property' };
          return isSound ? 'taken' : { wrong: 'something that makes no sense was passed on' };
        } catch (error) {
          if (error instanceof ExchangeError || error instanceof InputError) return 'refused';
          throw error;
        }
      },
      async close() {
        for (const one of venues) await one.close();
      },
    };
  },
};
