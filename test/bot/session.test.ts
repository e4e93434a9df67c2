/**
 * The commands themselves, end to end: a live bot through ccxt against a rehearsal venue, halted, reset, replayed, with
 * its log, alarms and pages. And in all that it left behind, not one of its secrets.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { botSchema } from '../../src/bot/config.ts';
import { close } from '../../src/cli/close.ts';
import type { Command, Context, Output } from '../../src/cli/command.ts';
import { configSchema } from '../../src/cli/config.ts';
import { doctor } from '../../src/cli/doctor.ts';
import { halt } from '../../src/cli/halt.ts';
import { exportJournal, showJournal, verifyChain } from '../../src/cli/journal.ts';
import { live as liveCommand } from '../../src/cli/live.ts';
import { paper } from '../../src/cli/paper.ts';
import { pause, resume } from '../../src/cli/pause.ts';
import { reset } from '../../src/cli/reset.ts';
import { verify } from '../../src/cli/verify.ts';
import { InputError } from '../../src/core/errors.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import type { ServerKeys } from '../../src/rehearsal/dialect.ts';
import { REHEARSAL_KEYS } from '../../src/rehearsal/keys.ts';
import { type Rehearsal, startRehearsal } from '../../src/rehearsal/start.ts';
import { callCommand } from '../cli/call-command.ts';
import { SLOW } from '../effort.ts';
import { minuteMs } from './bot-world.ts';
import { real } from './socket-schedule.ts';
import { saveTinyCheckpoint } from './tiny-checkpoint.ts';

const SECRETS = {
  key: 'KEYkeyKEY0123456789abcdef',
  secret: 'SECRETsecret9876543210fedcba',
  token: 'STATUStoken555566667777',
  telegram: '123456:TELEGRAMtoken-abcdefgh',
};
const bars = 420;
const { series } = synthesize({
  bars,
  seed: 3,
  symbol: 'BTC/USDT',
  timeframeMs: minuteMs,
  volatility: 0.05,
  trends: false,
});
let storage = '';
let rehearsal: Rehearsal;
let webhook = '';
const hook = createServer((request, response) => {
  request.on('data', (chunk) => seen.push(String(chunk)));
  request.on('end', () => response.end('ok'));
});
/** Everything that left the program by any way. */
const seen: string[] = [];

function contextOf(signal: AbortSignal, env: Record<string, string> = {}): Context {
  const tell = (line: string) => void seen.push(line);
  return {
    storage,
    cwd: storage,
    clock: real,
    env: {
      TRADERNET_BINANCE_KEY: SECRETS.key,
      TRADERNET_BINANCE_SECRET: SECRETS.secret,
      TRADERNET_STATUS_TOKEN: SECRETS.token,
      TRADERNET_TELEGRAM_TOKEN: SECRETS.telegram,
      TRADERNET_WEBHOOK_URL: webhook,
      TRADERNET_KERNELS: 'wasm',
      ...env,
    },
    signal,
    json: false,
    progress: tell,
    say: tell,
    print: tell,
    ask: async () => null,
    overrides: {},
    configFile: undefined,
    plugins: [],
    config: () => {
      const { bot: _, ...config } = configSchema.parse({ shield: { profile: 'balanced' } });
      return config;
    },
    bot: () => botSchema.parse({ allocation: 2_000, statusPort: 19_377, warmUpBars: 200, heartbeatMinutes: 0.02 }),
  };
}

async function call(
  command: Command,
  options: Record<string, unknown>,
  signal = new AbortController().signal,
  env = {},
): Promise<Output> {
  try {
    const output = await callCommand(command, options, contextOf(signal, env));
    seen.push(output.text, JSON.stringify(output.json));
    return output;
  } catch (error) {
    seen.push(String((error as Error).stack));
    throw error;
  }
}

beforeAll(async () => {
  storage = mkdtempSync(join(tmpdir(), 'tradernet-session-'));
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  webhook = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook?apiKey=hook`;
  await saveTinyCheckpoint(new NodeFileSystem(storage), 'spot', { series, mode: 'spot' });
  await saveTinyCheckpoint(new NodeFileSystem(storage), 'margin', { series, mode: 'margin' });
  rehearsal = await startVenue(REHEARSAL_KEYS);
});

function startVenue(keys: ServerKeys): Promise<Rehearsal> {
  const [startMs, endMs] = [series.timeMs[300], series.timeMs[400]];
  return startRehearsal({
    ...{ series: [series], real, startMs, endMs, speed: 30, seed: 1, faults: 0, keys },
    ...{ quoteBalance: '5000', feeRate: '0.001', feeIn: 'received' },
  });
}

afterAll(async () => {
  await rehearsal.server.stop();
  hook.close();
  rmSync(storage, { recursive: true, force: true });
});

const untilBars = (count: number) => real.sleep((count * minuteMs) / rehearsal.clock.speed);
const live = (options: Record<string, unknown>, signal?: AbortSignal, env?: Record<string, string>) =>
  call(
    liveCommand,
    { checkpoint: 'spot', symbol: ['BTC/USDT'], server: rehearsal.url, journal: 'mine', ...options },
    signal,
    env,
  );

it('trades through ccxt, halts and resets by a person, replays bit by bit, and tells no secret', SLOW, async () => {
  const first = new AbortController();
  const running = live({}, first.signal);
  await untilBars(4.5);
  const ask = (path: string, token = SECRETS.token) =>
    fetch(`http://127.0.0.1:19377${path}`, { headers: { authorization: `Bearer ${token}` } });
  // On a busy machine a start takes its time.
  for (let i = 0; i < 200 && (await ask('/health').catch(() => null)) === null; i++) await real.sleep(100);
  expect((await ask('/health', 'wrong')).status).toBe(401);
  const health = await (await ask('/health')).text();
  const metrics = await (await ask('/metrics')).text();
  seen.push(health, metrics);
  expect(JSON.parse(health)).toMatchObject({ halted: null });
  expect(metrics).toMatch(/tradernet_equity_quote\{symbol="BTC\/USDT"\} \d/);
  expect(metrics).toMatch(/tradernet_decide_milliseconds_count [1-9]/);
  await expect(
    call(paper, { checkpoint: 'spot', symbol: ['BTC/USDT'], server: rehearsal.url, journal: 'mine' }),
  ).rejects.toThrow(InputError);

  await call(halt, { journal: 'mine', reason: 'a drill' });
  await untilBars(1.5);
  expect((await ask('/health')).status).toBe(503);
  first.abort();
  const stopped = await running;
  expect(stopped.text).toMatch(/halted: a drill/);
  expect((stopped.json as { symbols: { units: number }[] }).symbols[0].units).toBe(0);

  await expect(call(reset, { journal: 'mine', reason: 'drill over' })).rejects.toThrow(/--confirm mine/);
  await call(reset, { journal: 'mine', reason: 'drill over', confirm: 'mine' });
  const second = new AbortController();
  const again = live({}, second.signal);
  await untilBars(3);
  const paused = await call(pause, { journal: 'mine', reason: 'a look' });
  expect(paused.json).toMatchObject({ running: true, done: true });
  await call(resume, { journal: 'mine', reason: 'looked' });
  second.abort();
  expect(((await again).json as { halted: null }).halted).toBeNull();

  const closed = await call(close, { journal: 'mine', reason: 'going away' });
  expect(closed.json).toMatchObject({ running: false, done: true });
  expect(closed.text).toMatch(/closed; the bot holds nothing/);
  expect(rehearsal.server.report().orders.every(({ status }) => status !== 'open')).toBe(true);

  expect((await call(verifyChain, { journal: 'mine' })).exitCode ?? 0).toBe(0);
  await call(showJournal, { journal: 'mine', last: 3 });
  await call(exportJournal, { journal: 'mine' });
  const verified = await call(verify, { journal: 'mine', most: 1 });
  expect(verified.text).toMatch(/no difference/);
  expect(verified.exitCode).toBe(0);
  const examined = await call(doctor, { checkpoint: 'spot', symbol: ['BTC/USDT'], server: rehearsal.url });
  expect(examined.text).toMatch(/good .*accepted by the venue/);
});

it('refuses what must not trade, in one line', async () => {
  await expect(live({ checkpoint: 'margin' })).rejects.toThrow(/margin account; the bot trades spot only/);
  await expect(live({ server: undefined })).rejects.toThrow(/switched off/);
  await expect(live({ symbol: ['ETH/USDT'], journal: 'other' })).rejects.toThrow(InputError);
  const strict = await startVenue({ key: 'another', secret: 'another' });
  const said = new AbortController();
  const denied = live({ journal: 'denied', server: strict.url }, said.signal);
  const log = join(storage, 'bots/denied/bot.log');
  // It goes on asking; it is stopped once it has said why.
  while (!existsSync(log) || !readFileSync(log, 'utf8').includes('authentication')) await real.sleep(20);
  said.abort(new Error('it said why'));
  await denied;
  await strict.server.stop();
});

it('sends no key of its owner to a rehearsal server, and takes none for it', async () => {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(`${request.url} ${request.rawHeaders.join(' ')}`);
    request.on('data', (chunk) => heard.push(String(chunk)));
    const body = request.url === '/rehearsal/clock' ? { nowMs: series.timeMs[300], speed: 1 } : { serverTime: 1 };
    request.on('end', () => response.end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await call(doctor, { checkpoint: 'spot', symbol: ['BTC/USDT'], server: url });
  server.closeAllConnections();
  server.close();
  expect(heard.length).toBeGreaterThan(2);
  for (const value of Object.values(SECRETS)) expect(heard.join('\n')).not.toContain(value);
  await expect(live({ keys: 'mine.json' })).rejects.toThrow('made-up keys, never yours');
});

it('left no secret in any journal, log, alarm, page, report or error', () => {
  seen.push(JSON.stringify(rehearsal.server.report()));
  const files = readdirSync(storage, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.some((file) => file.endsWith('bot.log'))).toBe(true);
  expect(seen.some((text) => text.includes('"code":"halted"'))).toBe(true);
  for (const [name, value] of Object.entries(SECRETS)) {
    for (const text of seen) expect(text.includes(value), `${name} in: ${text.slice(0, 200)}`).toBe(false);
    for (const file of files) {
      // The token's own file is for the person who may read the pages.
      if (file.endsWith('status-token')) {
        expect(statSync(file).mode & 0o077).toBe(0);
        continue;
      }
      expect(readFileSync(file).includes(value), `${name} in ${file}`).toBe(false);
    }
  }
});
