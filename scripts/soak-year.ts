/**
 * `npm run soak:year`: a bot's year of three symbols on hourly bars in virtual time, on a real disk with real networks,
 * through faults of the venue every few hours and a restart every month: no promise of `test/bot/promises.ts` is broken,
 * memory stays what it was after the second month, a start takes less than two seconds. `--months N` for less of it. The
 * young generation has a fixed size, as in soak:day. A whole year writes bench/results/soak-year.json.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Bot } from '../src/bot/bot.ts';
import { JOURNAL_FILE } from '../src/bot/bot-journal.ts';
import type { SymbolSetup } from '../src/bot/options.ts';
import { readEntries } from '../src/bot/read-entries.ts';
import { HOLD } from '../src/core/action.ts';
import type { Agent } from '../src/core/agent.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { listParts, readParts, sizeOfParts } from '../src/journal/parts.ts';
import { drawFaults } from '../src/rehearsal/faults.ts';
import { createShield } from '../src/shield/index.ts';
import { createWorld, restlessAgent } from '../test/bot/bot-world.ts';
import { openFullSizeAgent } from '../test/bot/full-size-agent.ts';
import { checkPromises } from '../test/bot/promises.ts';

const { values } = parseArgs({
  options: { months: { type: 'string', default: '12' }, seed: { type: 'string', default: '1' } },
});
const months = Number(values.months);
const HOUR = 3_600_000;
const MONTH = 730;
const START_BARS = 120;
/** Rounds, a twelfth as often as in life, so that the year passes in minutes. */
const TICK_MS = 60_000;
const bases = ['BTC', 'ETH', 'SOL'];
const FOLDER = 'bots/year';
/** Fills caches and compiles; growth is told from the end of it on. */
const SETTLED = 2;

const { agent, kernels, createSymbols: createQuiet, dispose } = await openFullSizeAgent(HOUR);
/** The network decides, and another agent that trades now and then is followed. */
const trader: Agent = {
  ...restlessAgent,
  decide(obs) {
    agent.decide(obs);
    const wish = restlessAgent.decide(obs);
    return Math.round(Math.abs(obs.values[0]) * 1e4) % 8 === 0 ? wish : { ...wish, action: HOLD };
  },
};
const overrides = { 'stop-loss': { distance: 0.02 } };
const createSymbols = (): SymbolSetup[] =>
  createQuiet(bases).map((setup) => ({
    ...setup,
    agent: trader,
    shield: createShield({ profile: 'none', overrides }),
  }));
const bars = START_BARS + months * MONTH + 2;
const options = {
  seed: Number(values.seed),
  bars,
  bases,
  timeframeMs: HOUR,
  startBars: START_BARS,
  volatility: 0.01,
  venue: { updateEveryMs: HOUR / 4 },
};
const plan = createWorld(options);
const faults = drawFaults(Number(values.seed), {
  ...{ startMs: plan.firstMs, endMs: plan.endMs - 24 * HOUR, count: months * 150, longestMs: HOUR / 10 },
});
const world = createWorld({ ...options, faults });
const folder = mkdtempSync(join(tmpdir(), 'tradernet-year-'));
const files = new NodeFileSystem(folder);
const clock = world.createClock(world.firstMs);
const memory: { month: number; rssMiB: number; heapMiB: number }[] = [];
const startsMs: number[] = [];
const alarms: Record<string, number> = {};
const MIB = 2 ** 20;
const beganMs = performance.now();

function measure(month: number): void {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  memory.push({ month, rssMiB: rss / MIB, heapMiB: heapUsed / MIB });
}

let bot: Bot | null = null;
for (let month = 1; month <= months; month++) {
  const stop = new AbortController();
  const startMs = performance.now();
  bot = new Bot({
    ...{ kind: 'live', venue: world.createVenue(clock), clock, elapsedMs: () => performance.now(), files },
    ...{
      folder: FOLDER,
      id: 'abcdef01',
      runId: `m${month}`,
      timeframeMs: HOUR,
      symbols: createSymbols(),
      setup: {},
    },
    ...{ warmUpBars: START_BARS - 2, maxDrawdown: 0, maxDataAgeMs: HOUR / 2, tickMs: TICK_MS },
    onAlarm: (code) => {
      alarms[code] = (alarms[code] ?? 0) + 1;
    },
  });
  startsMs.push(performance.now() - startMs);
  const running = bot.run(stop.signal);
  const untilMs = world.firstMs + month * MONTH * HOUR + (month === months ? HOUR : 0);
  clock.sleep(untilMs - clock.nowMs()).then(() => {
    measure(month);
    stop.abort(new Error('the month is over'));
  });
  await clock.runUntil(running);
  console.log(
    `month ${month}: ${Math.round((performance.now() - beganMs) / 1000)} s, ${world.engine.orders().length} orders`,
  );
}
const seconds = (performance.now() - beganMs) / 1000;

const { records, fault } = readParts(files, `${FOLDER}/${JOURNAL_FILE}`);
const entries = readEntries(records, 'year');
const decidable = { ...world, createSymbols: () => createSymbols() };
// The world ends a little after the last month.
const lastMs = clock.nowMs();
const candles = new Map(
  [...world.candles].map(([symbol, rows]) => [symbol, rows.filter(({ timeMs }) => timeMs + HOUR <= lastMs)]),
);
const violations = fault === null ? [] : [`journal: ${fault.reason}`];
violations.push(...(await checkPromises(entries, bot!, { ...decidable, candles }, false)));

const round = (value: number) => Math.round(value * 1000) / 1000;
const settled = memory.filter(({ month }) => month >= SETTLED);
const growth = (name: 'rssMiB' | 'heapMiB') =>
  settled.length === 0 ? 0 : round(settled[settled.length - 1][name] / settled[0][name] - 1);
const journal = `${FOLDER}/${JOURNAL_FILE}`;
const result = {
  ...{ months, symbols: bases.length, bars: '1h', seed: Number(values.seed), faults: world.faults.injections.length },
  decisions: entries.filter(({ type }) => type === 'decision').length,
  ...{ orders: world.engine.orders().length, fills: world.engine.fills.length, alarms, violations },
  startUp: { lastMs: round(startsMs[startsMs.length - 1]), worstMs: round(Math.max(...startsMs)) },
  memory: {
    ...{ growthRss: growth('rssMiB'), growthHeap: growth('heapMiB'), from: `month ${SETTLED}` },
    monthly: memory.map((row) => ({ month: row.month, rssMiB: round(row.rssMiB), heapMiB: round(row.heapMiB) })),
  },
  journal: { parts: listParts(files, journal).length, mib: round(sizeOfParts(files, journal) / MIB) },
  seconds: round(seconds),
  machine: `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, kernels ${kernels.name} ${kernels.isa}`,
  ...{ disk: tmpdir(), load: loadavg().map(round) },
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
};
rmSync(folder, { recursive: true, force: true });
dispose();
console.log(JSON.stringify({ ...result, violations: violations.slice(0, 10) }, null, 2));
if (months >= 12)
  writeFileSync(new URL('../bench/results/soak-year.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
const good =
  violations.length === 0 &&
  result.startUp.worstMs < 2_000 &&
  (months <= SETTLED || (result.memory.growthRss < 0.05 && result.memory.growthHeap < 0.05));
console.log(good ? 'within its limits' : 'OUTSIDE its limits');
process.exitCode = good ? 0 : 1;
