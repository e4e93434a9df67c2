import type { Clock } from '../core/clock.ts';
import { ExchangeError, InputError } from '../core/errors.ts';
import type { Venue } from './venue.ts';

/** Deadlines by how much a question may have to read; multiples of the shortest. */
const LONG = { connect: 3, fetchMarket: 3, fetchFills: 3 } as const;

const METHODS = [
  'connect',
  'fetchMarket',
  'fetchBalances',
  'fetchCandles',
  'fetchQuote',
  'createOrder',
  'fetchOrder',
  'fetchOrderOf',
  'cancelOrder',
  'fetchOpenOrders',
  'fetchFills',
  'fetchKeyRights',
  'measureClock',
] as const satisfies readonly (keyof Venue)[];

/**
 * A venue on which a running bot can rely: every question is answered or has failed within a deadline, whatever hangs
 * behind it, and a word such as 'invalid symbol', which a venue may say once by mistake, is a failure to be waited out
 * (`code` 'input') and no end of the bot.
 */
export function steadyVenue(venue: Venue, clock: Clock, deadlineMs: number): Venue {
  const steady = Object.create(venue) as Record<string, unknown>;
  for (const name of METHODS) {
    const limitMs = deadlineMs * (name in LONG ? LONG[name as keyof typeof LONG] : 1);
    const method = venue[name] as (...values: unknown[]) => Promise<unknown>;
    steady[name] = (...values: unknown[]) =>
      within(clock, limitMs, `${venue.name}: ${name}`, () => method.apply(venue, values));
  }
  steady.watchCandles = async (...values: Parameters<Venue['watchCandles']>) => {
    const signal = values[3];
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    try {
      await Promise.race([venue.watchCandles(...values), aborted]);
    } catch (error) {
      throw asFailure(error);
    }
  };
  steady.serverTimeMs = () => venue.serverTimeMs();
  steady.close = () => venue.close();
  return steady as unknown as Venue;
}

async function within<T>(clock: Clock, limitMs: number, what: string, work: () => Promise<T>): Promise<T> {
  const done = new AbortController();
  const message = `${what}: no answer within ${Math.round(limitMs / 1000)} s`;
  const deadline = clock.sleep(limitMs, done.signal).then(
    () => {
      throw new ExchangeError(message, { code: 'timeout', retryable: true });
    },
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work(), deadline]);
  } catch (error) {
    throw asFailure(error);
  } finally {
    done.abort();
  }
}

function asFailure(error: unknown): unknown {
  return error instanceof InputError ? new ExchangeError(error.message, { code: 'input', retryable: true }) : error;
}
