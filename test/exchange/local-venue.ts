import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.ts';
import { ExchangeError, InputError } from '../../src/core/errors.ts';
import { type ConnectorOptions, ExchangeConnector } from '../../src/exchange/connector.ts';
import { AcceleratedClock } from '../../src/rehearsal/accelerated-clock.ts';
import { type Fault, FaultBook } from '../../src/rehearsal/faults.ts';
import { type RehearsalOptions, RehearsalServer } from '../../src/rehearsal/server.ts';
import { startMs, world } from '../rehearsal/world.ts';

export const minuteMs = 60_000;
export const keys = { key: 'KEY-5f2c9a7e41d8b6', secret: 'SECRET-0d9b7e3c5a1f8246' };

export const realClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};

export interface LocalVenue {
  readonly server: RehearsalServer;
  readonly connector: ExchangeConnector;
  readonly clock: Clock;
  readonly url: string;
  close(): Promise<void>;
}

/** A rehearsal server with minute candles, its clock at the 200th, and a connector that is pointed at it. */
export async function localVenue(
  venue: string,
  options: {
    speed?: number;
    seed?: number;
    faults?: readonly Fault[];
    server?: Partial<RehearsalOptions>;
    connector?: Partial<ConnectorOptions>;
  } = {},
): Promise<LocalVenue & ReturnType<typeof world>> {
  const made = world({ bars: 2_000, timeframeMs: minuteMs, seed: options.seed ?? 1 });
  const speed = options.speed ?? 1;
  const clock = new AcceleratedClock(realClock, startMs + 200 * minuteMs, speed);
  const { engine, paths } = made;
  const server = new RehearsalServer({
    clock,
    engine,
    paths,
    keys,
    speed,
    faults: new FaultBook(options.faults),
    ...options.server,
  });
  const url = await server.start();
  const connector = new ExchangeConnector({
    venue,
    clock,
    keys,
    localUrl: url,
    timeoutMs: 10_000,
    ...options.connector,
  });
  const close = async () => {
    await connector.close();
    await server.stop();
  };
  return { ...made, server, connector, clock: clock as never, url, close };
}

/** Every message of an error that a test has seen; none may hold a key. */
export const messages: string[] = [];

/** 'ok', the code of an ExchangeError (with '!' where it isn't retryable), or 'input'; anything else is thrown on. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    messages.push(String(error), String((error as Error).stack));
    if (error instanceof InputError) return 'input';
    if (error instanceof ExchangeError) return error.retryable ? error.code : `${error.code}!`;
    throw error;
  }
}
