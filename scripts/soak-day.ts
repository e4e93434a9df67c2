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
import { PPOAgent, ppoConfigSchema } from '../src/agents/index.ts';
import { JOURNAL_FILE } from '../src/bot/bot-journal.ts';
import type { SymbolSetup } from '../src/bot/options.ts';
import { DEFAULT_ACCOUNT } from '../src/core/account.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { RealTimeFeatureEng } from '../src/features/realtime.ts';
import { fitScaler, scalerToJson } from '../src/features/scaler.ts';
import { featureSet } from '../src/features/sets.ts';
import { computeFeatures } from '../src/features/table.ts';
import { synthesize } from '../src/market/synthetic.ts';
import { createKernels } from '../src/nn/index.ts';
import { createShield } from '../src/shield/index.ts';
import { createWorld, marketOf, minuteMs } from '../test/bot/bot-world.ts';

const { values } = parseArgs({ options: { hours: { type: 'string', default: '24' } } });
const bars = 20 + 60 * Number(values.hours);
const bases = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA'];

// Real networks at their real size; what they say doesn't matter here.
const kernels = await createKernels({ kind: 'auto', threads: 1 });
const set = featureSet('tradernet19');
const { series } = synthesize({ bars: 2_000, seed: 1, timeframeMs: minuteMs, volatility: 0.05 });
const scaler = fitScaler(computeFeatures(series, set), 0, 2_000, 'standardise');
const features = () => new RealTimeFeatureEng(set, scaler, minuteMs);
const { startingEquity: _, ...account } = DEFAULT_ACCOUNT;
const one = features();
const agent = new PPOAgent({
  kernels,
  seed: 1,
  config: ppoConfigSchema.parse({}),
  spec: {
    featureSet: set.name,
    columns: set.columns,
    accountColumns: one.columns.slice(set.columns.length),
    signature: one.signature,
    window: one.window,
    timeframeMs: minuteMs,
    scaler: scalerToJson(scaler),
    trainingRange: null,
    origin: null,
    reward: 'market-order',
    rewardScale: 100,
    account: { ...account },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'tradernet-day-'));
const files = new NodeFileSystem(folder);
const decide: number[] = [];
const sync: number[] = [];
const memory: { hour: number; rssMiB: number; heapMiB: number }[] = [];
const symbols = (): SymbolSetup[] =>
  bases.map((base) => ({
    symbol: marketOf(base).symbol,
    account: { ...DEFAULT_ACCOUNT, quantityStep: 0.00001 },
    market: marketOf(base),
    features: features(),
    agent,
    shield: createShield({ profile: 'balanced', overrides: { 'out-of-range': false, 'volatility-spike': false } }),
  }));
const world = createWorld({
  ...{ kind: 'live', seed: 5, bars: bars + 120, bases, timeframeMs: minuteMs },
  bot: {
    symbols: symbols(),
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
