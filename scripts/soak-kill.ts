/**
 * `npm run soak:kill`: a live bot, started by the command line, trades through ccxt on a rehearsal venue that breaks,
 * and is killed with SIGKILL twenty times at random moments. At the end no order was placed twice, no fill was lost,
 * every candle was processed once, the ledger equals the venue, and the journal replays without a difference.
 * Writes bench/results/soak-kill.json.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { JOURNAL_FILE } from '../src/bot/bot-journal.ts';
import type { DecisionEntry } from '../src/bot/entries.ts';
import { readEntries } from '../src/bot/read-entries.ts';
import { LiveBook } from '../src/broker/live-book.ts';
import { Account, DEFAULT_ACCOUNT } from '../src/core/account.ts';
import { Rng } from '../src/core/rng.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { addDecimals } from '../src/exchange/decimal.ts';
import { readRecords } from '../src/journal/record-log.ts';
import { allocateSeries } from '../src/market/series.ts';
import { AcceleratedClock } from '../src/rehearsal/accelerated-clock.ts';
import { drawFaults } from '../src/rehearsal/faults.ts';
import { REHEARSAL_KEYS } from '../src/rehearsal/keys.ts';
import { RehearsalServer } from '../src/rehearsal/server.ts';
import { createWorld, minuteMs } from '../test/bot/bot-world.ts';
import { checkCandles, checkOrders, checkRisk } from '../test/bot/promises.ts';
import { real } from '../test/bot/socket-schedule.ts';
import { saveTinyCheckpoint } from '../test/bot/tiny-checkpoint.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
const speed = 30;
const history = 260;
// A bar lasts two seconds, a life up to four of them.
const bars = history + 3 * kills + 24;
const plan = createWorld({ bars, startBars: history });
const faults = drawFaults(seed, {
  ...{ startMs: plan.firstMs, endMs: plan.endMs - 25 * minuteMs, count: 2 * kills, longestMs: minuteMs },
  kinds: [
    'timeout-after-accept',
    'lost-answer',
    'lost-request',
    'late-accept',
    'partial-fill-disconnect',
    'stream-drop',
    'lost-final',
    'server-error',
  ],
});
const world = createWorld({ seed, bars, startBars: history, faults });
const clock = new AcceleratedClock(real, world.firstMs, speed);
const server = new RehearsalServer({
  clock,
  engine: world.engine,
  paths: world.paths,
  keys: REHEARSAL_KEYS,
  faults: world.faults,
  speed,
});
const url = await server.start();
const storage = mkdtempSync(join(tmpdir(), 'tradernet-kill-'));
const files = new NodeFileSystem(storage);

const [symbol, candles] = [...world.candles][0];
const series = allocateSeries({ venue: 'binance', symbol, timeframeMs: minuteMs }, history, {
  trades: true,
  trends: false,
});
for (const name of ['timeMs', 'open', 'high', 'low', 'close', 'volume', 'trades'] as const)
  for (let i = 0; i < history; i++) (series[name] as Float64Array)[i] = candles[i][name];
await saveTinyCheckpoint(files, 'tiny', { series, seed: 13 });

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const flags = [
  '--checkpoint',
  join(storage, 'tiny'),
  '--symbol',
  symbol,
  '--server',
  url,
  '--journal',
  'killed',
  '--storage',
  storage,
];
const sets = [
  'shield.profile=none',
  'bot.allocation=9000',
  'bot.warmUpBars=250',
  'bot.maxDataAge=0.5',
  'bot.statusPort=0',
];
const start = (): ChildProcess =>
  spawn(process.execPath, [main, 'live', ...flags, ...sets.flatMap((set) => ['--set', set])], {
    env: {
      ...process.env,
      TRADERNET_KERNELS: 'wasm',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));

const rng = new Rng(seed, 79);
const beganMs = performance.now();
let said = '';
for (let life = 0; life < kills; life++) {
  const child = start();
  child.stderr?.on('data', (chunk) => {
    said = String(chunk);
  });
  const exit = ended(child);
  // Long enough to be up, then any moment.
  await real.sleep(2_000 + rng.uniform() * 6_000);
  child.kill('SIGKILL');
  if ((await exit) !== null) throw new Error(`the bot had ended by itself: ${said}`);
  process.stdout.write(`killed ${life + 1} of ${kills}, ${world.engine.orders().length} orders\n`);
}
const last = start();
last.stderr?.on('data', (chunk) => {
  said = String(chunk);
});
const exit = ended(last);
await clock.sleep(Math.max(6 * minuteMs, world.endMs + 3 * minuteMs - clock.nowMs()));
last.kill('SIGTERM');
const code = await exit;

const { records, fault } = readRecords(files.read(`bots/killed/${JOURNAL_FILE}`));
const entries = readEntries(records, 'killed');
const violations = fault === null ? [] : [`journal: ${fault.reason}`];
if (code !== 0) violations.push(`the last life ended with ${code}: ${said}`);
violations.push(...checkCandles(entries, world), ...checkOrders(entries, world), ...checkRisk(entries));
const decisions = entries.filter((entry) => entry.type === 'decision') as DecisionEntry[];
const book = new LiveBook(symbol, new Account({ ...DEFAULT_ACCOUNT, startingEquity: 9_000 }));
for (const entry of entries) {
  if (entry.type === 'decision') book.restore(entry.state.broker);
  else if (['intent', 'order', 'fill', 'order-end', 'exit', 'denied'].includes(entry.type))
    book.apply(entry as Parameters<LiveBook['apply']>[0]);
}
const total = (currency: string) => {
  const { free, locked } = world.engine.balances().get(currency)!;
  return addDecimals(free, locked);
};
if (total('BTC') !== addDecimals('0.5', book.baseOwned))
  violations.push(`BTC: ${total('BTC')} there, 0.5 + ${book.baseOwned} owned`);
if (total('USDT') !== addDecimals('10137', book.quoteMoved))
  violations.push(`USDT: ${total('USDT')} there, 10137 + ${book.quoteMoved} in the book`);
if (book.orders.size > 0) violations.push(`orders under way at the end: ${[...book.orders.keys()].join(', ')}`);
const replay = execFileSync(process.execPath, [main, 'verify', '--journal', 'killed', '--storage', storage, '--json'], {
  encoding: 'utf8',
  env: { ...process.env, TRADERNET_KERNELS: 'wasm' },
});
const { differences } = JSON.parse(replay) as { differences: unknown[] };
if (differences.length > 0) violations.push(`replay: ${JSON.stringify(differences[0])}`);
await server.stop();
if (violations.length === 0) rmSync(storage, { recursive: true, force: true });
else console.log(`left in ${storage}`);

const seconds = Math.round((performance.now() - beganMs) / 100) / 10;
const torn = entries.filter((entry) => entry.type === 'cut').length;
const result = {
  kills,
  seed,
  seconds,
  decisions: decisions.length,
  orders: world.engine.orders().length,
  fills: world.engine.fills.length,
  tornTails: torn,
  faults: world.faults.injections.length,
  violations,
};
console.log(JSON.stringify(result, null, 2));
if (kills >= 20 && violations.length === 0) {
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
  writeFileSync(
    new URL('../bench/results/soak-kill.json', import.meta.url),
    `${JSON.stringify({ ...result, machine, commit }, null, 2)}\n`,
  );
}
process.exit(violations.length === 0 ? 0 : 1);
