import { describe, expect, it } from 'vitest';
import type { AlarmMessage } from '../../src/bot/alarms/alarm.ts';
import { AlarmDesk } from '../../src/bot/alarms/alarm-desk.ts';
import { createTelegram } from '../../src/bot/alarms/telegram.ts';
import { createWebhook } from '../../src/bot/alarms/webhook.ts';
import { readHalt, removeHalt, writeHalt } from '../../src/bot/halt-file.ts';
import { Histogram } from '../../src/bot/histogram.ts';
import { formatLogLine } from '../../src/bot/log-line.ts';
import { toExactJson } from '../../src/core/exact-json.ts';
import { Portfolio } from '../../src/decision/portfolio.ts';
import { createRedactor } from '../../src/exchange/redact.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import { VirtualClock } from '../../src/rehearsal/virtual-clock.ts';
import { atEveryCrash, MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, WARM_UP } from './bot-world.ts';

describe('the portfolio', () => {
  it('latches on the sum of all symbols, marked to market, from the highest peak', () => {
    const portfolio = new Portfolio(
      new Map([
        ['A', 100],
        ['B', 100],
      ]),
      0.2,
    );
    expect(portfolio.mark('A', 150)).toBe(false);
    expect(portfolio.peak).toBe(250);
    expect(portfolio.mark('B', 60)).toBe(false);
    expect(portfolio.mark('A', 141)).toBe(false);
    expect(portfolio.mark('A', 139.9)).toBe(true);
    portfolio.reset();
    expect(portfolio.drawdown).toBe(0);
    expect(portfolio.mark('A', 139)).toBe(false);
  });

  it('never latches on a gain, nor with a limit of 0', () => {
    const winning = new Portfolio(new Map([['A', 100]]), 0.01);
    for (let equity = 100; equity < 200; equity++) expect(winning.mark('A', equity)).toBe(false);
    expect(new Portfolio(new Map([['A', 100]]), 0).mark('A', 1)).toBe(false);
  });

  it('halts the whole bot, closes every position, and stays halted after a restart', async () => {
    const world = createWorld({ bases: ['BTC', 'ETH'], bars: WARM_UP + 40, seed: 2, bot: { maxDrawdown: 0.01 } });
    const files = new MemoryFileSystem();
    const clock = world.createClock(world.firstMs);
    const venue = world.createVenue(clock);
    const first = await world.live(files, clock, world.endMs - 12 * 60_000, venue);
    expect(first.failure).toBeNull();
    expect(first.bot?.halted).toMatch(/drawdown of 1/);
    const second = await world.live(files, clock, world.endMs, venue);
    expect(second.bot?.halted).toMatch(/drawdown of 1/);
    expect(second.bot?.traders.map(({ broker }) => broker.account.units)).toEqual([0, 0]);
    expect(second.entries.some((entry) => entry.type === 'intent' && entry.role === 'entry')).toBe(false);
    expect(readHalt(files, 'bots/test')).toMatchObject({ by: 'portfolio' });
  });
});

describe('the halt file', () => {
  it('is there whole or not at all, whenever the machine dies', () => {
    const order = { by: 'a person', reason: 'a drill', timeMs: 7 };
    let written = false;
    atEveryCrash(
      new MemoryFileSystem(),
      (files) => {
        writeHalt(files, 'bots/one', order);
        written = true;
      },
      (disk) => expect(readHalt(disk, 'bots/one')).toEqual(written ? order : expect.toBeOneOf([null, order])),
    );
  });

  it('halts even where it cannot be read, and goes by a reset alone', () => {
    const files = new MemoryFileSystem();
    files.mkdir('bots/one');
    files.write('bots/one/halt.json', new TextEncoder().encode('{'));
    expect(readHalt(files, 'bots/one')).toMatchObject({ by: 'unknown' });
    removeHalt(files, 'bots/one');
    expect(readHalt(files, 'bots/one')).toBeNull();
  });
});

describe('alarms', () => {
  function desk(fails = false) {
    let nowMs = 0;
    const sent: AlarmMessage[] = [];
    const failures: string[] = [];
    const one = new AlarmDesk({
      clock: { nowMs: () => nowMs, elapsedMs: () => nowMs, sleep: async () => {} },
      channels: [
        {
          name: 'test',
          async send(message) {
            if (fails) throw new Error('no network for s3cret');
            sent.push(message);
          },
        },
      ],
      redact: createRedactor(['s3cret']),
      onFailure: (channel, message) => failures.push(`${channel}: ${message}`),
    });
    const pass = (ms: number) => {
      nowMs += ms;
    };
    return { one, sent, failures, pass };
  }

  it('go out once in ten minutes, with the count of what was held back', () => {
    const { one, sent, pass } = desk();
    for (let i = 0; i < 50; i++) one.raise('venue-error', { symbol: 'BTC/USDT', code: 'timeout' });
    one.raise('venue-error', { symbol: 'ETH/USDT', code: 'timeout' });
    expect(sent.length).toBe(2);
    pass(600_000);
    one.raise('venue-error', { symbol: 'BTC/USDT', code: 'timeout' });
    expect(sent[2].text).toMatch(/and 49 more/);
    expect(one.counts.get('venue-error')).toBe(52);
  });

  it('say which wait for a person, and tell no secret', () => {
    const { one, sent } = desk();
    one.raise('halted', { reason: 'drawdown, key s3cret' });
    one.raise('stream', { message: 'redialled' });
    expect(sent.map(({ level }) => level)).toEqual(['critical', 'warning']);
    expect(sent[0].text).not.toMatch(/s3cret/);
  });

  it('that fail stop nothing', async () => {
    const { one, failures } = desk(true);
    one.raise('halted', {});
    await one.drain();
    expect(failures).toEqual(['test: no network for [redacted]']);
  });

  it('reach a webhook and Telegram as these want them', async () => {
    const posts: [string, unknown][] = [];
    const post = async (url: string, body: string) => {
      posts.push([url, JSON.parse(body)]);
      return { status: url.includes('refuse') ? 403 : 200, text: '', retryAfterS: null };
    };
    const message: AlarmMessage = { level: 'critical', code: 'halted', text: 'tradernet: halted', timeMs: 5 };
    const sleep = async () => {};
    await createWebhook('https://example.org/hook', post, sleep).send(message);
    await createTelegram({ token: '123:abc', chatId: '42', post, sleep }).send(message);
    expect(posts).toEqual([
      ['https://example.org/hook', message],
      ['https://api.telegram.org/bot123:abc/sendMessage', { chat_id: '42', text: 'CRITICAL tradernet: halted' }],
    ]);
    await expect(createWebhook('https://example.org/refuse', post, sleep).send(message)).rejects.toThrow(/403/);
  });
});

it('a log line is one line of JSON without secrets', () => {
  const line = formatLogLine('warn', 'alarm', 0, { text: 'a\nb', key: 's3cret' }, createRedactor(['s3cret']));
  expect(line).not.toMatch(/\n|s3cret/);
  expect(JSON.parse(line)).toMatchObject({ time: '1970-01-01T00:00:00.000Z', level: 'warn', event: 'alarm' });
});

it('a histogram counts as Prometheus does', () => {
  const histogram = new Histogram();
  for (const ms of [0.05, 0.3, 4, 4, 2_000]) histogram.add(ms);
  const lines = histogram.lines('x');
  expect(lines).toContain('x_bucket{le="0.1"} 1');
  expect(lines).toContain('x_bucket{le="5"} 4');
  expect(lines).toContain('x_bucket{le="+Inf"} 5');
  expect(lines).toContain('x_count 5');
});

it('a number survives the journal to the last bit', () => {
  for (const value of [0.1 + 0.2, 5e-324, 1.7976931348623157e308, Math.fround(0.1), -0, Number.NaN, Infinity])
    expect(Object.is(Number(JSON.parse(JSON.stringify(toExactJson(value)))), value)).toBe(true);
});

it('a bot refuses a journal that was begun otherwise', async () => {
  const files = new MemoryFileSystem();
  const world = createWorld({ bars: WARM_UP + 5 });
  const clock = world.createClock(world.firstMs);
  await world.live(files, clock, world.endMs, world.createVenue(clock));
  const length = readRecords(files.read('bots/test/journal.log')).records.length;
  const other = createWorld({ bars: WARM_UP + 5, bot: { setup: { shield: 'another' } } });
  const { failure } = await other.live(files, clock, clock.nowMs() + 1_000, other.createVenue(clock));
  expect((failure as Error).message).toMatch(/was begun with setup/);
  expect(readRecords(files.read('bots/test/journal.log')).records.length).toBe(length);
});

describe('what an alarm says', () => {
  async function raised(...alarms: [code: string, numbers: Record<string, string>, atMs: number][]) {
    const sent: AlarmMessage[] = [];
    let nowMs = 0;
    const clock = { nowMs: () => nowMs, elapsedMs: () => nowMs, sleep: async () => {} };
    const channel = { name: 'one', send: async (message: AlarmMessage) => void sent.push(message) };
    const desk = new AlarmDesk({ clock, channels: [channel], redact: (text) => text, onFailure: () => {} });
    for (const [code, numbers, atMs] of alarms) {
      nowMs = atMs;
      desk.raise(code, numbers);
    }
    await desk.drain();
    return { sent, desk };
  }
  const MINUTES = 60_000;

  it('is its code and numbers, once in ten minutes for each subject, with the count of what was held back', async () => {
    const { sent, desk } = await raised(
      ['stream', { symbol: 'A', code: 'network' }, 0],
      ['stream', { symbol: 'A', code: 'network' }, 9 * MINUTES],
      ['stream', { symbol: 'B', code: 'network' }, 9 * MINUTES],
      ['stream', { symbol: 'A', code: 'timeout' }, 9 * MINUTES],
      ['stream', { symbol: 'A', code: 'network' }, 10 * MINUTES],
      ['stream', { symbol: 'A', code: 'network' }, 20 * MINUTES],
      ['holdings-changed', { currency: 'BTC' }, 20 * MINUTES],
      ['holdings-changed', { currency: 'ETH' }, 20 * MINUTES],
    );
    expect(sent.map(({ text }) => text)).toEqual([
      'tradernet: stream, symbol A, code network',
      'tradernet: stream, symbol B, code network',
      'tradernet: stream, symbol A, code timeout',
      'tradernet: stream, symbol A, code network (and 1 more since the last)',
      'tradernet: stream, symbol A, code network',
      'tradernet: holdings-changed, currency BTC',
      'tradernet: holdings-changed, currency ETH',
    ]);
    expect(desk.counts.get('stream')).toBe(6);
    expect(sent[3]).toMatchObject({ level: 'warning', code: 'stream', timeMs: 10 * MINUTES });
  });

  it.each([
    ...['halted', 'crashed', 'uncaught', 'ended-with-position', 'no-decision', 'journal-failed', 'halt-not-written'],
    ...['holdings-short', 'order-vanished', 'order-untraceable', 'order-arrived-late', 'order-stuck', 'exit-denied'],
    'order-refused',
  ])('%s waits for a person', async (code) => {
    expect((await raised([code, {}, 0])).sent[0].level).toBe('critical');
    expect((await raised(['venue-error', {}, 0])).sent[0].level).toBe('warning');
  });

  it('waits for what is on its way, and no longer than it may', async () => {
    const clock = new VirtualClock(0);
    const never = { name: 'hangs', send: () => new Promise<void>(() => {}) };
    const desk = new AlarmDesk({ clock, channels: [never], redact: (text) => text, onFailure: () => {} });
    desk.heartbeat('all well');
    await clock.runUntil(desk.drain(15_000));
    expect(clock.nowMs()).toBe(15_000);
    const quick = new AlarmDesk({ clock, channels: [], redact: (text) => text, onFailure: () => {} });
    await clock.runUntil(quick.drain(15_000));
    // Nothing is left that sleeps: whoever waits for it now waits in vain.
    expect(clock.nowMs()).toBe(15_000);
    await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow('nothing sleeps');
  });
});
