/** A journal in parts: the same trading, the same chain, starts that read the last part alone. */
import { describe, expect, it } from 'vitest';
import { readEntries } from '../../src/bot/read-entries.ts';
import type { Json } from '../../src/core/json.ts';
import { beginPart, holdsHead, listParts, openParts, readLastPart, readParts } from '../../src/journal/parts.ts';
import { atEveryCrash, MemoryFileSystem } from '../memory-file-system.ts';
import { type Day, MINUTE, openDay } from '../venue/day.ts';
import { restlessAgent } from './bot-world.ts';

const PATH = 'bots/day/journal.log';
const partNames = (files: MemoryFileSystem) => files.list('bots/day').filter((name) => name.startsWith('journal'));

/** What the venue saw, without the ids, which tell of starts. */
const traded = ({ exchange }: Day) =>
  exchange.trades.map(({ side, price, quantity, ms }) => [side, price, quantity, ms].join(' '));

async function live(kind: 'paper' | 'live', partBytes: number, starts: readonly number[]) {
  const bases = ['BTC', 'ETH'];
  const own = { BTC: '0.5', ETH: '0.5', USDT: '137' };
  const overrides = { 'stop-loss': { distance: 0.004 } };
  const day = openDay({ kind, bases, own, overrides, agent: restlessAgent, bot: { partBytes } });
  let reads = 0;
  let equities: number[] = [];
  for (const minutes of starts) {
    const { files } = day;
    const read = files.read.bind(files);
    let first = true;
    files.read = (path) => {
      if (first && path.includes('journal')) reads++;
      return read(path);
    };
    const life = day.start(files);
    first = false;
    await day.pass(minutes * MINUTE);
    equities = life.bot.traders.map(({ broker }) => broker.account.equity);
    await life.stop();
    files.read = read;
  }
  const { records, fault } = readParts(day.files, PATH);
  return { day, reads, equities, fault, entries: readEntries(records, 'day'), records };
}

describe.each(['live', 'paper'] as const)('a %s journal in parts', (kind) => {
  it('trades as one in one piece does, over restarts, and verifies over all parts', async () => {
    const starts = [6, 4, 7, 3];
    const whole = await live(kind, Number.POSITIVE_INFINITY, starts);
    const parts = await live(kind, kind === 'live' ? 30_000 : 12_000, starts);
    expect(partNames(whole.day.files)).toEqual(['journal.log']);
    expect(partNames(parts.day.files).length).toBeGreaterThan(4);
    expect(parts.fault).toBeNull();
    // One file a start, however many there are.
    expect(parts.reads).toBe(starts.length);
    expect(traded(parts.day)).toEqual(traded(whole.day));
    expect(parts.equities).toEqual(whole.equities);
    const decisions = (entries: typeof parts.entries) =>
      entries.flatMap((entry) => (entry.type === 'decision' ? [JSON.stringify(entry.record)] : []));
    expect(decisions(parts.entries)).toEqual(decisions(whole.entries));
    expect(await parts.day.differences(parts.entries)).toEqual([]);
    for (const record of parts.records.slice(1, 4)) expect(record).not.toHaveProperty('continues');
  });

  it('of which a part alone is left is replayed from its head', async () => {
    const { day } = await live(kind, 25_000, [8, 6]);
    const { records } = readLastPart(day.files, PATH);
    expect((records[0] as { type: string }).type).toBe('checkpoint');
    expect(await day.differences(readEntries(records, 'day'))).toEqual([]);
  });

  it('whose head was altered is found', async () => {
    const { day, entries } = await live(kind, 25_000, [8]);
    const at = entries.findIndex(({ type }) => type === 'checkpoint');
    const head = JSON.parse(JSON.stringify(entries[at]));
    head.symbols['BTC/USDT'].broker.account.cash += 1;
    const found = await day.differences(entries.with(at, head));
    expect(found.join()).toContain('checkpoint.broker.account.cash');
  });
});

it('a halt, a limit and a pause outlive the part in which they were written', async () => {
  const day = openDay({ agent: restlessAgent, bot: { partBytes: 20_000 } });
  const life = day.start(day.files);
  await day.pass(3 * MINUTE);
  const order = {
    timeMs: 0,
    by: 'ada',
    reason: 'a test',
    quantity: null,
    price: null,
    maxDrawdown: null,
    maxDataAge: null,
  };
  const asked = [
    life.bot.command({ ...order, id: 'one', command: 'pause', symbol: null, maxPosition: null }),
    life.bot.command({ ...order, id: 'two', command: 'tighten', symbol: null, maxPosition: 777 }),
  ];
  await day.time.runUntil(Promise.all(asked));
  await day.pass(3 * MINUTE);
  life.bot.halt('ada', 'enough');
  await day.pass(10 * MINUTE);
  await life.stop();
  const last = readEntries(readLastPart(day.files, PATH).records, 'day');
  expect(last.some(({ type }) => type === 'halt' || type === 'command')).toBe(false);
  const again = day.start(day.files);
  expect(again.bot.halted).toBe('enough');
  expect(again.bot.traders[0].limits).toMatchObject({ paused: true, maxPosition: 777 });
  await day.pass(MINUTE);
  await again.stop();
});

describe('parts', () => {
  const begun = () => {
    const files = new MemoryFileSystem();
    const { log } = openParts(files, PATH);
    log.append({ a: 1 });
    log.sync();
    return { files, log };
  };
  const next = (files: MemoryFileSystem, before: string, part: number) =>
    beginPart(files, PATH, part, before, { type: 'head', continues: before });

  it('are one chain: a part that is missing, swapped or of another log is found, and every head is held', () => {
    const { files, log } = begun();
    const heads = [log.head];
    let last = log;
    for (let part = 2; part <= 4; part++) {
      last = next(files, last.head, part);
      last.append({ part });
      last.sync();
      heads.push(last.head);
    }
    expect(listParts(files, PATH)).toEqual([1, 2, 3, 4]);
    expect(readParts(files, PATH)).toMatchObject({ fault: null, head: last.head });
    for (const head of heads) expect(holdsHead(files, PATH, head)).toBe(true);
    const missing = files.copy();
    missing.remove('bots/day/journal-0003.log');
    expect(readParts(missing, PATH).fault?.reason).toMatch(/journal-0004.log does not go on/);
    const swapped = files.copy();
    swapped.write('bots/day/journal-0003.log', files.read('bots/day/journal-0002.log'));
    expect(readParts(swapped, PATH).fault?.reason).toMatch(/journal-0003.log does not go on/);
    const altered = files.copy();
    const bytes = altered.read('bots/day/journal-0002.log').slice();
    bytes[bytes.length - 5] ^= 1;
    altered.write('bots/day/journal-0002.log', bytes);
    expect(readParts(altered, PATH).fault).not.toBeNull();
  });

  it('begin whole or not at all, wherever a crash comes', () => {
    const { files, log } = begun();
    const states = atEveryCrash(
      files,
      (disk) => {
        const { log: open } = openParts(disk, PATH);
        const part = next(disk, open.head, 2);
        part.append({ b: 2 });
        part.sync();
      },
      (disk) => {
        const { records, part, cut } = openParts(disk, PATH);
        expect(part === 1 ? records : [{ a: 1 }, ...(records.slice(1) as Json[])]).toEqual(
          part === 1 || records.length === 1 ? [{ a: 1 }] : [{ a: 1 }, { b: 2 }],
        );
        expect(cut === null || cut.torn).toBe(true);
        expect(readParts(disk, PATH).fault).toBeNull();
      },
    );
    expect(states).toBeGreaterThan(10);
    expect(log.head).toMatch(/^[0-9a-f]{64}$/);
  });
});
