/** What a person orders of a bot, on a venue that judges by its own ledger; and the journal follows from itself. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carryOutAlone } from '../../src/bot/caretaker.ts';
import type { BotEntry, StartEntry } from '../../src/bot/entries.ts';
import { type CommandRequest, readRequests, refuseRequests, takeAnswer, writeRequest } from '../../src/bot/requests.ts';
import type { BotSetup } from '../../src/bot/setup.ts';
import type { CommandEntry } from '../../src/broker/command.ts';
import { Account, DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { BUY } from '../../src/core/action.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { amount, short } from '../venue/amount.ts';
import { type Day, MINUTE, openDay } from '../venue/day.ts';

let count = 0;
const asked = (day: Day, wanted: Pick<CommandRequest, 'command'> & Partial<CommandRequest>): CommandRequest => ({
  ...{ id: `order-${++count}`, timeMs: day.time.clock.nowMs(), by: 'ada', reason: 'a test', symbol: null },
  ...{ quantity: null, price: null, maxDrawdown: null, maxDataAge: null, maxPosition: null },
  ...wanted,
});

/** A day on which the bot has bought, with a stop resting at the venue. */
async function invested(options: Parameters<typeof openDay>[0] = {}) {
  const day = openDay({ overrides: { 'stop-loss': { distance: 0.05 } }, ...options });
  const life = day.start(day.files);
  const { account } = life.bot.traders[0].broker;
  expect(await day.until(() => account.units > 0)).toBe(true);
  await day.pass(50_000);
  return { day, life, account };
}

/** Another process's order of a running bot. */
async function order(day: Day, wanted: Parameters<typeof asked>[1]) {
  const request = asked(day, wanted);
  writeRequest(day.files, day.folder, request);
  let answer: ReturnType<typeof takeAnswer> = null;
  await day.until(() => {
    answer ??= takeAnswer(day.files, day.folder, request.id);
    return answer !== null;
  });
  expect(answer, wanted.command).not.toBeNull();
  return answer!;
}

const setupOf = (day: Day, extra: Partial<BotSetup> = {}): BotSetup => ({
  checkpoint: { name: 'gone', hash: '' },
  ...{ supervisor: null, server: null, markets: {}, warmUpBars: 1, maxDataAgeMs: MINUTE / 2, maxDrawdown: 0 },
  accounts: Object.fromEntries(day.createSymbols().map(({ symbol, account }) => [symbol, account])),
  shield: { profile: 'none', exits: null, rules: {} },
  ...extra,
});

/** The same order while no bot runs. */
async function orderAlone(day: Day, wanted: Parameters<typeof asked>[1], files = day.files) {
  const answer = carryOutAlone(
    asked(day, wanted),
    {
      ...{ files, folder: day.folder, venue: day.createPort(), clock: day.time.clock, setup: setupOf(day) },
      ...{ start: day.entries(files)[0] as StartEntry, alarm: () => {}, runId: 'solo', longestMs: 5 * MINUTE },
    },
    new AbortController().signal,
  );
  await day.time.runUntil(answer);
  return answer;
}

const resting = (day: Day) => day.exchange.orders.filter(({ end }) => end === null);
const isDust = (day: Day) => day.held('BTC') < amount('0.0002');

function expectOwnUntouched(day: Day): void {
  for (const [coin, value] of Object.entries(day.own))
    expect(day.exchange.ledger.least.get(coin) ?? 0n, coin).toBeGreaterThanOrEqual(value);
}

function expectIdentity({ config, ...a }: Account): void {
  const { startingEquity } = config;
  const expected = startingEquity + a.deposits + a.markPnl - a.feesPaid - a.slippagePaid - a.borrowPaid;
  expect(a.cash + a.position * a.mark).toBeCloseTo(expected, 6);
}

describe('close', () => {
  it('sells what the running bot holds, and nothing of the user', async () => {
    const { day, life, account } = await invested();
    expect(resting(day)).toHaveLength(1);
    expect(await order(day, { command: 'close' })).toMatchObject({ kind: 'done' });
    expect(await day.until(() => isDust(day), 2 * MINUTE)).toBe(true);
    expect(account.units).toBe(0);
    expectOwnUntouched(day);
    expectIdentity(account);
    await life.stop();
    expect(await day.differences(day.entries(day.files))).toEqual([]);
  });

  it.each(['listed-late', 'answer-cut', 'error-but-taken', 'late-fill', 'stale-balances', 'maintenance'] as const)(
    'sells it while no bot runs, through %s',
    async (kind) => {
      const { day, life } = await invested();
      await life.stop();
      const { ms } = day.time;
      (day.exchange.troubles.all as unknown as object[]).push({ kind, fromMs: ms, toMs: ms + 40_000, size: 20_000 });
      expect(await orderAlone(day, { command: 'close' })).toMatchObject({ kind: 'done' });
      expect(isDust(day)).toBe(true);
      expect(resting(day)).toEqual([]);
      expectOwnUntouched(day);
      const again = day.start(day.files);
      await day.pass(3 * MINUTE);
      await again.stop();
      expect(await day.differences(day.entries(day.files))).toEqual([]);
      expectOwnUntouched(day);
    },
  );

  it('catches the order of which nobody knows what became of it', async () => {
    const day = openDay();
    const { ms } = day.time;
    const size = 20_000;
    (day.exchange.troubles.all as unknown as object[]).push({
      kind: 'listed-late',
      fromMs: ms,
      toMs: ms + MINUTE,
      size,
    });
    const life = day.start(day.files);
    expect(await day.until(() => day.exchange.orders.length > 0)).toBe(true);
    await life.stop();
    expect(await orderAlone(day, { command: 'close' })).toMatchObject({ kind: 'done' });
    expect(isDust(day)).toBe(true);
    expectOwnUntouched(day);
  });

  it('on paper sells at the venue’s bid, and a restart knows it', async () => {
    const { day, life, account } = await invested({ kind: 'paper' });
    const { position, cash, config } = account;
    const bid = day.exchange.bid(day.rules[0], day.time.ms);
    await life.stop();
    expect(await orderAlone(day, { command: 'close', price: short(bid) })).toMatchObject({ kind: 'done' });
    const again = day.start(day.files);
    const { account: after } = again.bot.traders[0].broker;
    expect(after.units).toBe(0);
    const received = position * Number(short(bid)) * (1 - config.slippageRate) * (1 - config.feeRate);
    expect(after.cash).toBeCloseTo(cash + received, 6);
    expectIdentity(after);
    await day.pass(3 * MINUTE);
    await again.stop();
    expect(day.exchange.orders).toEqual([]);
    expect(await day.differences(day.entries(day.files))).toEqual([]);
  });
});

describe('cancel-all', () => {
  it('takes away what rests at the venue, also what the journal does not know, and leaves a hand-made order alone', async () => {
    const { day, life } = await invested();
    const { ms } = day.time;
    const rest = { symbolId: 'BTCUSDT', side: 'BUY', type: 'LIMIT', quantity: amount('0.001') } as const;
    const limit = amount('20000');
    day.exchange.place({ ...rest, clientId: 'abcdef010lost', limit }, ms);
    day.exchange.place({ ...rest, clientId: 'byhand', limit }, ms);
    const { lines } = await order(day, { command: 'cancel-all' });
    expect(lines.join()).toMatch(/2 orders cancelled; no stop protects/);
    expect(resting(day).map(({ clientId }) => clientId)).toEqual(['byhand']);
    // The next decision protects it again.
    expect(await day.until(() => resting(day).length === 2, 2 * MINUTE)).toBe(true);
    await life.stop();
    expect(await day.differences(day.entries(day.files))).toEqual([]);
  });
});

describe('adopt and abandon', () => {
  it('move coins between person and bot; the venue holds the same, profit and drawdown too', async () => {
    const { day, life, account } = await invested();
    const { portfolio } = life.bot;
    const before = day.exchange.ledger.total('BTC');
    const gain = account.equity - account.deposits;
    expect(await order(day, { command: 'adopt', symbol: 'BTC/USDT', quantity: '0.1', price: '30000' })).toMatchObject({
      kind: 'done',
    });
    expect(account.deposits).toBeCloseTo(3_000, 6);
    expect(Math.abs(account.equity - account.deposits - gain)).toBeLessThan(0.02 * 10_000);
    expect(account.units).toBeGreaterThan(1);
    expect(portfolio.drawdown).toBeLessThan(0.02);
    expectIdentity(account);
    expect(day.exchange.ledger.total('BTC')).toBe(before);
    await day.pass(2 * MINUTE);
    expect(life.alarms).not.toContain('holdings-changed');
    expect(await order(day, { command: 'adopt', symbol: 'BTC/USDT', quantity: '5' })).toMatchObject({
      kind: 'refused',
      lines: [expect.stringContaining('holds 0.4 BTC beyond')],
    });
    await order(day, { command: 'pause' });
    const { broker } = life.bot.traders[0];
    const owned = amount(broker.owned);
    let answer = await order(day, { command: 'abandon', symbol: 'BTC/USDT' });
    for (let i = 0; i < 40 && answer.kind === 'later'; i++) {
      await day.pass(3_000);
      answer = await order(day, { command: 'abandon', symbol: 'BTC/USDT' });
    }
    expect(answer).toMatchObject({ kind: 'done' });
    expect([account.units, broker.owned]).toEqual([0, '0']);
    expect(day.exchange.ledger.total('BTC')).toBe(before);
    expect(owned).toBeGreaterThan(amount('0.1'));
    expectIdentity(account);
    await day.pass(3 * MINUTE);
    expect(life.alarms).not.toContain('holdings-changed');
    expect(broker.unresolved).toBeNull();
    await life.stop();
    const entries = day.entries(day.files);
    expect(await day.differences(entries)).toEqual([]);
    const again = day.start(day.files);
    expect(again.bot.traders[0].broker.owned).toBe('0');
    expectIdentity(again.bot.traders[0].broker.account);
    expect(again.bot.traders[0].limits.paused).toBe(true);
    await day.pass(2 * MINUTE);
    await again.stop();
  });

  it('an abandoned position that was sold by hand lets the bot trade again', async () => {
    const { day, life } = await invested({ own: { USDT: '137' } });
    await life.stop();
    const stop = resting(day)[0];
    day.exchange.cancel('BTCUSDT', stop.clientId, day.time.ms);
    const quantity = (day.held('BTC') / amount('0.00001')) * amount('0.00001');
    day.exchange.place(
      { clientId: 'byhand', symbolId: 'BTCUSDT', side: 'SELL', type: 'MARKET', quantity },
      day.time.ms,
    );
    expect(await orderAlone(day, { command: 'abandon', symbol: 'BTC/USDT' })).toMatchObject({ kind: 'done' });
    const again = day.start(day.files);
    const { account } = again.bot.traders[0].broker;
    expect(account.units).toBe(0);
    expect(await day.until(() => account.units > 0, 8 * MINUTE)).toBe(true);
    await again.stop();
    expect(await day.differences(day.entries(day.files))).toEqual([]);
  });
});

describe('pause, resume and tighten', () => {
  it('open nothing while paused, also after a restart', async () => {
    const { day, life, account } = await invested();
    await order(day, { command: 'pause', symbol: 'BTC/USDT' });
    await order(day, { command: 'close' });
    const orders = () => day.exchange.orders.filter(({ side }) => side === 'BUY').length;
    const before = orders();
    await day.pass(5 * MINUTE);
    await life.stop();
    const again = day.start(day.files);
    await day.pass(5 * MINUTE);
    expect([orders(), account.units]).toEqual([before, 0]);
    await order(day, { command: 'resume' });
    expect(await day.until(() => orders() > before, 5 * MINUTE)).toBe(true);
    await again.stop();
    expect(await day.differences(day.entries(day.files))).toEqual([]);
  });

  it('are only ever tighter, hold over a restart, and halt at the lower drawdown', async () => {
    const { day, life, account } = await invested();
    expect(await order(day, { command: 'tighten', maxPosition: 100, maxDrawdown: 0.2 })).toMatchObject({
      kind: 'done',
    });
    for (const wider of [{ maxPosition: 200 }, { maxDrawdown: 0.3 }, { maxDataAge: 0.9 }, {}])
      expect(await order(day, { command: 'tighten', ...wider }), JSON.stringify(wider)).toMatchObject({
        kind: 'refused',
      });
    await order(day, { command: 'close' });
    await day.pass(3 * MINUTE);
    const bought = day.exchange.orders.filter(({ side }) => side === 'BUY').length;
    expect([bought, account.units]).toEqual([1, 0]);
    await life.stop();
    const again = day.start(day.files);
    expect(again.bot.portfolio.maxDrawdown).toBe(0.2);
    await order(day, { command: 'tighten', maxDrawdown: 1e-9 });
    await day.pass(2 * MINUTE);
    expect(again.bot.halted).toMatch(/drawdown/);
    await again.stop();
    const entries = day.entries(day.files);
    expect(entries.some((entry) => entry.type === 'decision' && entry.record.guard === 'max-position')).toBe(true);
    expect(await day.differences(entries)).toEqual([]);
  });
});

describe('verify', () => {
  it('finds a command that was left out, doubled, widened or made larger', async () => {
    const { day, life } = await invested();
    await order(day, { command: 'tighten', maxPosition: 20_000 });
    await order(day, { command: 'adopt', symbol: 'BTC/USDT', quantity: '0.1' });
    await order(day, { command: 'pause' });
    await day.pass(2 * MINUTE);
    await order(day, { command: 'close' });
    await day.pass(3 * MINUTE);
    await life.stop();
    const entries = day.entries(day.files);
    expect(await day.differences(entries)).toEqual([]);
    const at = (command: string) => entries.findIndex((entry) => entry.type === 'command' && entry.command === command);
    const changed = (index: number, part: Partial<CommandEntry>) =>
      day.differences(entries.with(index, { ...entries[index], ...part } as BotEntry));
    for (const command of ['adopt', 'pause'])
      expect(await day.differences(entries.toSpliced(at(command), 1)), command).not.toEqual([]);
    expect(await day.differences(entries.toSpliced(at('pause'), 0, entries[at('pause')]))).not.toEqual([]);
    expect(await changed(at('adopt'), { quantity: '7' } as Partial<CommandEntry>)).not.toEqual([]);
    const tighten = entries[at('tighten')] as CommandEntry;
    const wider = { ...tighten, id: 'wider', maxPosition: 30_000 } as BotEntry;
    expect(await day.differences(entries.toSpliced(at('tighten') + 1, 0, wider))).not.toEqual([]);
  });
});

describe('requests', () => {
  it('are carried out once, whatever a crash leaves of their files', async () => {
    const { day, life, account } = await invested();
    const request = asked(day, { command: 'adopt', symbol: 'BTC/USDT', quantity: '0.1' });
    writeRequest(day.files, day.folder, request);
    await day.pass(10_000);
    expect(takeAnswer(day.files, day.folder, request.id)).toMatchObject({ kind: 'done' });
    const { position } = account;
    writeRequest(day.files, day.folder, request);
    await day.pass(10_000);
    expect(takeAnswer(day.files, day.folder, request.id)).toMatchObject({ lines: [expect.stringMatching(/before/)] });
    expect(account.position).toBe(position);
    await life.stop();
  });

  it('that can not be read, or were asked of a bot that was not there, are answered and gone', () => {
    const files = new MemoryFileSystem();
    files.mkdir('bots/x/requests');
    files.write('bots/x/requests/torn.json', new TextEncoder().encode('{"id":'));
    const day = { time: { clock: { nowMs: () => 0 } } } as unknown as Day;
    const old = asked(day, { command: 'close' });
    writeRequest(files, 'bots/x', old);
    expect(readRequests(files, 'bots/x')).toEqual([old]);
    expect(takeAnswer(files, 'bots/x', 'torn')).toMatchObject({ kind: 'refused' });
    refuseRequests(files, 'bots/x');
    expect(takeAnswer(files, 'bots/x', old.id)).toMatchObject({ kind: 'refused' });
    expect(files.list('bots/x/requests')).toEqual([]);
  });

  it('that were left behind sell nothing at the next start', async () => {
    const { day, life, account } = await invested();
    await life.stop();
    const left = asked(day, { command: 'close' });
    writeRequest(day.files, day.folder, left);
    const again = day.start(day.files);
    await day.pass(MINUTE);
    expect(takeAnswer(day.files, day.folder, left.id)).toMatchObject({ kind: 'refused' });
    expect(again.bot.traders[0].broker.account.units).toBe(account.units);
    await again.stop();
  });
});

it('the ledger identity holds after whatever a person puts in and takes out', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('adopt' as const), quantity: fc.double({ min: 1e-4, max: 2, noNaN: true }) }),
    fc.record({ kind: fc.constant('abandon' as const), quantity: fc.constant(0) }),
    fc.record({ kind: fc.constant('buy' as const), quantity: fc.constant(0) }),
    fc.record({ kind: fc.constant('close' as const), quantity: fc.constant(0) }),
  );
  const price = fc.double({ min: 50, max: 200, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(step, price), { maxLength: 30 }), (steps) => {
      const account = new Account(DEFAULT_ACCOUNT);
      account.reset(100);
      for (const [{ kind, quantity }, at] of steps) {
        const performance = account.equityAt(at) - account.deposits;
        if (kind === 'adopt') account.adopt(quantity, at);
        else if (kind === 'abandon') account.abandon(at);
        else if (kind === 'close') account.closeOut(at);
        else if (account.orderFor(BUY, at) > 0) account.fillAtMarket(account.orderFor(BUY, at), at, 'order');
        if (kind === 'adopt' || kind === 'abandon')
          expect(account.equityAt(at) - account.deposits).toBeCloseTo(performance, 6);
        expectIdentity(account);
        expect(account.units).toBeLessThanOrEqual(account.config.maxUnits);
        expect(account.units > 0).toBe(account.position > 0);
      }
    }),
  );
});
