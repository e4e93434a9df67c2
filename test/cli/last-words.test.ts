/**
 * A live bot of the command line, in a process of its own and with a position open, whose output nobody reads any more
 * or in which something is thrown that nobody catches: it goes on, or it ends with its last words said and its journal
 * whole.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BotEntry } from '../../src/bot/entries.ts';
import { readEntries } from '../../src/bot/read-entries.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';
import { readRecords } from '../../src/journal/record-log.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { REHEARSAL_KEYS } from '../../src/rehearsal/keys.ts';
import { type Rehearsal, startRehearsal } from '../../src/rehearsal/start.ts';
import { minuteMs } from '../bot/bot-world.ts';
import { real } from '../bot/socket-schedule.ts';
import { saveTinyCheckpoint } from '../bot/tiny-checkpoint.ts';
import { SLOW } from '../effort.ts';
import { ENVIRONMENT, MAIN } from './run-cli.ts';

const SPEED = 60;
const { series } = synthesize({
  ...{ bars: 1_500, seed: 3, symbol: 'BTC/USDT', timeframeMs: minuteMs, volatility: 0.05, trends: false },
});
const alarms: string[] = [];
const hook = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    alarms.push(body);
    response.end('ok');
  });
});
let storage = '';
let rehearsal: Rehearsal;

beforeAll(async () => {
  storage = mkdtempSync(join(tmpdir(), 'tradernet-last-words-'));
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  await saveTinyCheckpoint(new NodeFileSystem(storage), 'tiny', { series, seed: 13 });
  // Throws, when it is signalled, what no part of the bot catches.
  writeFileSync(
    join(storage, 'thrower.mjs'),
    `process.on('SIGUSR2', () => { throw new Error('thrown by nobody'); });
     process.on('SIGALRM', () => { Promise.reject(new Error('rejected by nobody')); });`,
  );
  rehearsal = await startRehearsal({
    ...{ series: [series], real, startMs: series.timeMs[300], endMs: series.timeMs[1_490], speed: SPEED, seed: 1 },
    ...{ faults: 0, keys: REHEARSAL_KEYS, quoteBalance: '20000', feeRate: '0.001', feeIn: 'received' },
  });
});

afterAll(async () => {
  await rehearsal.server.stop();
  hook.close();
  rmSync(storage, { recursive: true, force: true });
});

function start(journal: string): ChildProcess & { ended: Promise<number | null> } {
  const flags = ['--checkpoint', join(storage, 'tiny'), '--symbol', 'BTC/USDT', '--server', rehearsal.url];
  const sets = ['shield.profile=none', 'bot.allocation=2000', 'bot.warmUpBars=250', 'bot.statusPort=0'];
  const child = spawn(
    process.execPath,
    [MAIN, 'live', ...flags, '--journal', journal, '--storage', storage, ...sets.flatMap((set) => ['--set', set])],
    {
      env: {
        ...ENVIRONMENT,
        NODE_OPTIONS: `--import ${join(storage, 'thrower.mjs')}`,
        TRADERNET_KERNELS: 'wasm',
        TRADERNET_WEBHOOK_URL: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  for (const stream of [child.stdout, child.stderr]) stream?.resume();
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return Object.assign(child, { ended });
}

/** What the journal holds by now; it may be in the middle of a record. */
function read(journal: string): { entries: readonly BotEntry[]; fault: unknown } {
  const files = new NodeFileSystem(storage);
  const path = `bots/${journal}/journal.log`;
  if (!files.exists(path)) return { entries: [], fault: null };
  const { records, fault } = readRecords(files.read(path));
  return { entries: readEntries(records, journal), fault };
}

/** What the fills made, in units of the largest; what is left below a hundredth is fees and rounding. */
function position(entries: readonly BotEntry[]): number {
  const fills = entries.filter((one) => one.type === 'fill');
  const sum = fills.reduce((total, { side, quantity }) => total + Number(quantity) * (side === 'buy' ? 1 : -1), 0);
  const share = sum / Math.max(...fills.map(({ quantity }) => Number(quantity)));
  return share > 0.01 ? share : 0;
}

async function until(isTrue: () => boolean, child: ChildProcess): Promise<void> {
  while (!isTrue()) {
    if (child.exitCode !== null) throw new Error(`the bot ended with ${child.exitCode}`);
    await sleep(50);
  }
}

it.each([
  ['SIGUSR2', 'thrown by nobody'],
  ['SIGALRM', 'rejected by nobody'],
] as const)('an error that nobody catches (%s) is said, and so is the position', SLOW, async (signal, message) => {
  const journal = signal.toLowerCase();
  const child = start(journal);
  await until(() => position(read(journal).entries) > 0, child);
  alarms.length = 0;
  child.kill(signal);
  const code = await child.ended;
  expect(code).not.toBe(0);
  expect(code).not.toBeNull();
  expect(alarms.some((text) => text.includes('uncaught') && text.includes(message))).toBe(true);
  const { entries, fault } = read(journal);
  expect(fault).toBeNull();
  // It may just have sold.
  expect(alarms.some((text) => text.includes('ended-with-position'))).toBe(position(entries) > 0);
  // The next start goes on.
  const again = start(journal);
  const before = entries.filter(({ type }) => type === 'decision').length;
  await until(() => read(journal).entries.filter(({ type }) => type === 'decision').length > before + 1, again);
  again.kill('SIGINT');
  expect(await again.ended).toBe(0);
});

it('a bot whose output nobody reads goes on, and says its end', SLOW, async () => {
  const child = start('unread');
  await until(() => position(read('unread').entries) > 0, child);
  child.stdout?.destroy();
  child.stderr?.destroy();
  const decided = () => read('unread').entries.filter(({ type }) => type === 'decision').length;
  const before = decided();
  await until(() => decided() > before + 5, child);
  alarms.length = 0;
  child.kill('SIGINT');
  expect(await child.ended).toBe(0);
  const { entries, fault } = read('unread');
  expect(fault).toBeNull();
  expect(alarms.some((text) => text.includes('ended-with-position'))).toBe(position(entries) > 0);
});
