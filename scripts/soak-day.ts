/**
 * `npm run soak:day`: 24 hours of five symbols on one-minute bars, in virtual time, on a real disk with real networks:
 * how memory grows, and how long it takes from a closed candle to an order, without the network and without the disk's
 * sync, which is told apart. The young generation has a fixed size (see package.json), else V8 enlarges it once or twice
 * in such a day and resident memory says nothing about leaks. Writes bench/results/soak-day.json.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { JOURNAL_FILE } from '../src/bot/bot-journal.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { createWorld, minuteMs } from '../test/bot/bot-world.ts';
import { openFullSizeAgent } from '../test/bot/full-size-agent.ts';

const { values } = parseArgs({ options: { hours: { type: 'string', default: '24' } } });
const bars = 20 + 60 * Number(values.hours);
const bases = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA'];

const { agent, kernels, createSymbols } = await openFullSizeAgent(minuteMs);

const folder = mkdtempSync(join(tmpdir(), 'tradernet-day-'));
const files = new NodeFileSystem(folder);
const decide: number[] = [];
const sync: number[] = [];
const memory: { hour: number; rssMiB: number; heapMiB: number }[] = [];
const world = createWorld({
  ...{ kind: 'live', seed: 5, bars: bars + 120, bases, timeframeMs: minuteMs },
  bot: {
    symbols: createSymbols(bases),
    elapsedMs: () => performance.now(),
    onMeasured: (stage, ms) => (stage === 'decide' ? decide : sync).push(ms),
    warmUpBars: 118,
    onEntry: () => {},
  },
  startBars: 120,
  volatility: 0.002,
});
const clock = world.createClock(world.firstMs);
const measure = async () => {
  for (let hour = 0; ; hour++) {
    for (let i = 0; i < 4; i++) globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    memory.push({ hour, rssMiB: rss / 2 ** 20, heapMiB: heapUsed / 2 ** 20 });
    if (clock.nowMs() >= world.endMs) return;
    await clock.sleep(3_600_000);
  }
};
const beganMs = performance.now();
void measure();
const { failure, bot } = await world.live(files, clock, world.endMs, world.createVenue(clock));
if (failure !== null) throw failure;
const seconds = (performance.now() - beganMs) / 1000;
const journalMiB = statSync(join(folder, 'bots/test', JOURNAL_FILE)).size / 2 ** 20;
rmSync(folder, { recursive: true, force: true });

const quantile = (samples: readonly number[], share: number) =>
  [...samples].sort((a, b) => a - b)[Math.floor(share * (samples.length - 1))];
const round = (value: number) => Math.round(value * 1000) / 1000;
const spread = (samples: readonly number[]) => ({
  medianMs: round(quantile(samples, 0.5)),
  p99Ms: round(quantile(samples, 0.99)),
  worstMs: round(quantile(samples, 1)),
});
// The first hour fills caches and compiles; growth is told from the end of the second on.
const settled = memory.filter(({ hour }) => hour >= 2);
const growth = (name: 'rssMiB' | 'heapMiB') => round(settled[settled.length - 1][name] / settled[0][name] - 1);
const result = {
  hours: Number(values.hours),
  symbols: bases.length,
  bars: '1m',
  decisions: decide.length,
  orders: world.engine.orders().length,
  fills: world.engine.fills.length,
  candleToOrder: spread(decide),
  sync: spread(sync),
  memory: {
    growthRss: growth('rssMiB'),
    growthHeap: growth('heapMiB'),
    hourly: memory.map((row) => ({ hour: row.hour, rssMiB: round(row.rssMiB), heapMiB: round(row.heapMiB) })),
  },
  journalMiB: round(journalMiB),
  seconds: round(seconds),
  equity: round(bot?.portfolio.total ?? 0),
  machine: `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, kernels ${kernels.name} ${kernels.isa}`,
  commit: execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim(),
};
agent.dispose();
kernels.dispose();
console.log(JSON.stringify({ ...result, memory: { ...result.memory, hourly: undefined } }, null, 2));
const good = result.candleToOrder.medianMs < 5 && result.memory.growthHeap < 0.05 && result.memory.growthRss < 0.05;
if (Number(values.hours) >= 24)
  writeFileSync(new URL('../bench/results/soak-day.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
console.log(good ? 'within its limits' : 'OUTSIDE its limits');
process.exitCode = good ? 0 : 1;
