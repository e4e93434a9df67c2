/** A seeded day of troubles, crashes, restored backups and whatever a person may order, judged by the venue's own ledger. */
import { carryOutAlone } from '../../src/bot/caretaker.ts';
import type { StartEntry } from '../../src/bot/entries.ts';
import { readEntries } from '../../src/bot/read-entries.ts';
import type { CommandRequest } from '../../src/bot/requests.ts';
import { readLastPart, readParts } from '../../src/journal/parts.ts';
import type { MemoryFileSystem } from '../memory-file-system.ts';
import { type Amount, amount, short } from '../venue/amount.ts';
import { MINUTE, openDay } from '../venue/day.ts';
import { Random } from '../venue/random.ts';
import { drawTroubles, KINDS } from '../venue/troubles.ts';
import { restlessAgent } from './bot-world.ts';

const OWN = { BTC: '0.5', USDT: '137' };
const BUSY = 24;
const QUIET = 14;
const PATH = 'bots/day/journal.log';
/** A wall clock that jumps makes a request stale, which has a test of its own. */
const DAY_KINDS = KINDS.filter((kind) => kind !== 'clock-step');

export interface OrderedDay {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly commands: Readonly<Record<string, number>>;
  readonly orders: number;
  readonly restored: number;
}

export async function runOrderedDay(seed: number): Promise<OrderedDay> {
  const random = new Random(seed * 7919 + 1);
  const fromMs = Date.UTC(2024, 0, 2) + 31 * MINUTE;
  const troubles = drawTroubles(random, {
    fromMs,
    toMs: fromMs + BUSY * MINUTE,
    count: random.below(6),
    kinds: DAY_KINDS,
  });
  const day = openDay({
    ...{ seed, own: OWN, agent: restlessAgent, troubles, bot: { partBytes: random.chance(0.5) ? 40_000 : 2 ** 30 } },
    ...(random.chance(0.6) ? { overrides: { 'stop-loss': { distance: 0.004 } } } : {}),
  });
  let { files } = day;
  let life = day.start(files);
  let backup: MemoryFileSystem | null = null;
  let adopted: Amount = 0n;
  let restored = 0;
  const commands: Record<string, number> = {};
  const untilMs = day.time.ms + BUSY * MINUTE;

  const draw = (): CommandRequest => {
    const command = random.pick(['close', 'cancel-all', 'adopt', 'abandon', 'pause', 'resume', 'tighten'] as const);
    const names = command === 'adopt' || command === 'abandon';
    return {
      ...{ id: `r${day.time.ms}`, timeMs: day.time.clock.nowMs(), by: 'ada', reason: 'a test', command },
      ...{ symbol: names ? 'BTC/USDT' : null, quantity: command === 'adopt' ? '0.02' : null, price: null },
      ...{ maxDrawdown: null, maxDataAge: null, maxPosition: command === 'tighten' ? 20_000 - restored : null },
    };
  };
  /** The journal alone says what became somebody else's, or the bot's. */
  const countCoins = () => {
    adopted = 0n;
    for (const entry of readEntries(readParts(files, PATH).records, 'day')) {
      if (entry.type !== 'command') continue;
      if (entry.command === 'adopt') adopted += amount(entry.quantity);
      if (entry.command === 'abandon') adopted -= amount(entry.quantity);
    }
  };
  const orderAlone = async (request: CommandRequest) => {
    const head = readEntries(readLastPart(files, PATH).records.slice(0, 1), 'day')[0];
    const start = (head.type === 'checkpoint' ? head.start : head) as StartEntry;
    const accounts = Object.fromEntries(day.createSymbols().map(({ symbol, account }) => [symbol, account]));
    const answer = carryOutAlone(
      request,
      {
        ...{ files, folder: day.folder, venue: day.createPort(), clock: day.time.clock, start, alarm: () => {} },
        ...{ runId: `c${random.below(1e3)}`, longestMs: 2 * MINUTE },
        setup: {
          checkpoint: { name: 'x', hash: '' },
          ...{ supervisor: null, server: null, markets: {}, warmUpBars: 1, maxDataAgeMs: MINUTE / 2, maxDrawdown: 0 },
          ...{ accounts, shield: { profile: 'none', exits: null, rules: {} } },
        },
      },
      new AbortController().signal,
    );
    await day.time.runUntil(answer);
    return answer;
  };

  while (day.time.ms < untilMs) {
    await day.pass(random.between(5_000, 3 * MINUTE));
    const what = random.below(10);
    if (what < 5) {
      const request = draw();
      const answer = life.bot.command(request);
      await day.time.runUntil(answer);
      const { kind } = await answer;
      commands[`${request.command} ${kind}`] = (commands[`${request.command} ${kind}`] ?? 0) + 1;
    } else if (what < 7) {
      await life.stop();
      const request = draw();
      try {
        const { kind } = await orderAlone(request);
        commands[`${request.command} alone ${kind}`] = (commands[`${request.command} alone ${kind}`] ?? 0) + 1;
      } catch (error) {
        // The venue was not to be reached at all.
        if ((error as Error).name !== 'ExchangeError') throw error;
      }
      life = day.start(files);
    } else if (what === 7) backup = files.copy();
    else if (what === 8 && backup !== null) {
      // Coins that changed hands since the backup are the person's to tell again, so only a day without them goes back.
      countCoins();
      const now = adopted;
      const kept = files;
      files = backup;
      countCoins();
      if (adopted === now) {
        files = kept;
        await life.stop();
        files = backup;
        life = day.start(files);
        restored++;
      } else files = kept;
      backup = null;
    } else {
      await life.stop();
      life = day.start(files);
    }
  }
  await day.pass(QUIET * MINUTE);
  const { broker } = life.bot.traders[0];
  await day.until(() => broker.unresolved === null, 5 * MINUTE);
  countCoins();
  const violations: string[] = [];
  if (broker.unresolved !== null) violations.push(`unresolved at the end: ${broker.unresolved}`);
  // What the person put in is the bot's, what was taken out the person's.
  const expected = day.held('BTC') + adopted;
  if (amount(broker.owned) !== expected)
    violations.push(`the venue holds ${short(expected)} for the bot, it believes ${broker.owned}`);
  const ids = day.exchange.orders.map(({ clientId }) => clientId);
  if (new Set(ids).size !== ids.length) violations.push('an id was used twice');
  const { account } = broker;
  const { startingEquity } = account.config;
  const sum = startingEquity + account.deposits + account.markPnl - account.feesPaid - account.slippagePaid;
  if (Math.abs(sum - account.equity) > 1e-6) violations.push(`the ledger identity is off by ${sum - account.equity}`);
  const resting = day.exchange.orders.filter(({ end, type }) => end === null && type !== 'STOP_LOSS');
  for (const { clientId } of resting) violations.push(`order ${clientId} rests, forgotten`);
  await life.stop();
  violations.push(...(await day.differences(readEntries(readParts(files, PATH).records, 'day'))));
  return { seed, violations, commands, orders: ids.length, restored };
}
