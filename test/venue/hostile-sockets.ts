/** One seeded hour on the hostile venue over real sockets, through ccxt; judged by the venue's ledger alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Bot } from '../../src/bot/bot.ts';
import type { BotEntry } from '../../src/bot/entries.ts';
import { LiveBroker } from '../../src/broker/live.ts';
import { ExchangeConnector } from '../../src/exchange/connector.ts';
import { AcceleratedClock } from '../../src/rehearsal/accelerated-clock.ts';
import { createWorld } from '../bot/bot-world.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { amount } from './amount.ts';
import { audit } from './audit.ts';
import { BinanceServer } from './binance-server.ts';
import { BODY_TROUBLES, type BodyTrouble } from './bodies.ts';
import { HostileExchange } from './exchange.ts';
import { MarketPath } from './market-path.ts';
import { Random } from './random.ts';
import { rulesOf } from './rules.ts';
import { drawTroubles, KINDS, type Kind, TroubleBook } from './troubles.ts';

const MINUTE = 60_000;
const START_MS = Date.UTC(2024, 0, 2);
const WARM_UP = 30;
/** Minutes of the venue in a second: thirty. */
const SPEED = 30;

const real = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal): Promise<void> => sleep(ms, undefined, signal ? { signal } : {}),
};

export interface HostileSocketOptions {
  readonly busyBars: number;
  readonly quietBars: number;
  readonly kinds?: readonly Kind[];
  readonly bodies?: readonly BodyTrouble[];
}

/** Half a minute of real time. */
export const QUICK: HostileSocketOptions = { busyBars: 8, quietBars: 6 };

/** Not over sockets: the wall clock is the machine's. */
const SOCKET_KINDS = KINDS.filter((kind) => kind !== 'clock-step' && kind !== 'stall');

export async function runHostileSockets(seed: number, options: HostileSocketOptions = QUICK) {
  const random = new Random(seed);
  const { busyBars, quietBars, kinds = SOCKET_KINDS, bodies = BODY_TROUBLES } = options;
  const liveMs = START_MS + WARM_UP * MINUTE + 5_000;
  const calmMs = liveMs + busyBars * MINUTE;
  const endMs = calmMs + quietBars * MINUTE;
  const from = liveMs + MINUTE;
  const count = 1 + random.below(4);
  const drawn = kinds.length === 0 ? [] : drawTroubles(random, { fromMs: from, toMs: calmMs, count, kinds });
  const troubles = new TroubleBook(drawn);
  const rules = rulesOf('BTC');
  const path = new MarketPath(seed, START_MS, (WARM_UP + busyBars + quietBars + 10) * 60, 30_000);
  const own = { BTC: amount('0.5'), USDT: amount('137') };
  const allocation = amount('10000');
  const exchange = new HostileExchange({
    ...{ rules: [rules], paths: new Map([[rules.symbol, path]]), troubles, seed, feeRate: amount('0.001') },
    balances: { ...own, USDT: own.USDT + allocation },
  });
  const clock = new AcceleratedClock(real, liveMs, SPEED);
  const keys = { key: `key-${seed}`, secret: `secret-${seed}` };
  const mistreated: Partial<Record<BodyTrouble, number>> = {};
  const share = bodies.length === 0 ? 0 : random.pick([0, 0.02, 0.1]);
  const server = new BinanceServer({
    ...{ exchange, keys, speed: SPEED, nowMs: () => clock.nowMs() },
    mistreat(_method, _path, nowMs) {
      if (nowMs < from || nowMs >= calmMs || !random.chance(share)) return null;
      const kind = random.pick(bodies);
      mistreated[kind] = (mistreated[kind] ?? 0) + 1;
      return kind;
    },
  });
  const localUrl = await server.start();
  const venue = new ExchangeConnector({
    ...{ venue: 'binance', clock, keys, localUrl, timeoutMs: 400, orderWindowMs: MINUTE },
  });
  const stops = random.chance(0.5);
  const world = createWorld({ bases: ['BTC'], overrides: stops ? { 'stop-loss': { distance: 0.004 } } : {} });
  const intents = new Set<string>();
  const alarms: string[] = [];
  const stop = new AbortController();
  const bot = new Bot({
    ...{ kind: 'live', venue, clock, elapsedMs: () => performance.now(), files: new MemoryFileSystem() },
    ...{
      folder: 'bots/hostile',
      id: 'abcdef01',
      runId: 'run0',
      timeframeMs: MINUTE,
      symbols: world.createSymbols(),
      setup: {},
    },
    ...{ warmUpBars: WARM_UP - 5, maxDrawdown: 0, maxDataAgeMs: MINUTE / 2, graceMs: 400 * SPEED },
    onEntry(entry: BotEntry) {
      if (entry.type === 'intent') intents.add(entry.id);
      if (entry.type === 'alarm') alarms.push(entry.code);
    },
  });
  const haltMs = random.chance(0.3) ? random.between(from, calmMs) : null;
  let haltedMs: number | null = null;
  if (haltMs !== null)
    clock.sleep(haltMs - clock.nowMs(), stop.signal).then(
      () => {
        haltedMs = clock.nowMs();
        bot.halt('person', 'said so');
      },
      () => {},
    );
  const timer = clock.sleep(endMs - clock.nowMs(), stop.signal).then(
    () => stop.abort(new Error('the hour is over')),
    () => {},
  );
  const violations: string[] = [];
  try {
    // The bot may take a tick to stop; more is a bot that can't be stopped.
    const running = bot.run(stop.signal).then(
      () => null,
      (error: Error) => `the bot ended by itself: ${error.message}`,
    );
    const patience = timer.then(() => sleep(20_000)).then(() => 'the bot is stuck: it does not stop when asked');
    const failure = await Promise.race([running, patience]);
    if (failure !== null) violations.push(failure);
    violations.push(
      ...audit({
        ...{ exchange, timeframeMs: MINUTE, own, allocation, maxUnits: 4, haltMs: haltedMs, endMs, intents, alarms },
        final: bot.traders.map(({ broker }) => ({
          ...{ symbol: broker.symbol, position: broker.account.position, cash: broker.account.cash },
          ...{ units: broker.account.units, unresolved: broker instanceof LiveBroker ? broker.unresolved : null },
        })),
      }),
    );
  } finally {
    stop.abort();
    await venue.close();
    await server.stop();
  }
  return {
    ...{ seed, violations, struck: { ...troubles.struck, ...mistreated } as Record<string, number> },
    ...{ orders: exchange.orders.length, trades: exchange.trades.length, crashes: 0, halted: haltedMs !== null },
  };
}
