/**
 * `npm run bench:candle-to-order`: from the last update of a candle, as the stream hands it over, to the order as the
 * venue's client takes it, with a network at its real size, on a real disk, both records of it (the decision and the
 * order's intent) made durable. The venue answers at once: what is measured is the program. Results in
 * bench/results/candle-to-order.json.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BUY, HOLD, SELL } from '../src/core/action.ts';
import type { Agent, Observation } from '../src/core/agent.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { createShield } from '../src/shield/index.ts';
import { createWorld, minuteMs } from '../test/bot/bot-world.ts';
import { openFullSizeAgent } from '../test/bot/full-size-agent.ts';

const { values } = parseArgs({ options: { bars: { type: 'string', default: '3000' } } });
/** Compiling and caches. */
const FIRST = 100;
const { agent, kernels, createSymbols } = await openFullSizeAgent(minuteMs);
/** The network decides, and what it decides is turned into an order at every bar. */
const symbols = createSymbols(['BTC']).map((setup) => ({
  ...setup,
  shield: createShield({ profile: 'none', overrides: {} }),
  agent: {
    ...{ kind: 'restless', getAction: () => HOLD },
    decide(obs: Observation) {
      const decision = agent.decide(obs);
      return { ...decision, action: obs.mask[SELL] === 1 ? SELL : obs.mask[BUY] === 1 ? BUY : HOLD };
    },
  } satisfies Agent,
}));
const folder = mkdtempSync(join(tmpdir(), 'tradernet-latency-'));
const stages = { decide: [] as number[], sync: [] as number[] };
const world = createWorld({
  ...{ kind: 'live', seed: 5, bars: Number(values.bars), timeframeMs: minuteMs, startBars: 120, volatility: 0.002 },
  venue: { latencyMs: 0, streamDelayMs: 0 },
  bot: {
    symbols,
    elapsedMs: () => performance.now(),
    onMeasured: (stage, ms) => stages[stage].push(ms),
    warmUpBars: 118,
    onEntry: () => {},
  },
});
const clock = world.createClock(world.firstMs);
const venue = world.createVenue(clock);
const samples: number[] = [];
let closedMs: number | null = null;
const { watchCandles, createOrder } = venue;
venue.watchCandles = (symbol, timeframeMs, onUpdate, signal) =>
  watchCandles.call(
    venue,
    symbol,
    timeframeMs,
    (update) => {
      if (update.closed) closedMs = performance.now();
      onUpdate(update);
    },
    signal,
  );
venue.createOrder = (request) => {
  // The first order after a candle is the decision's own; stops follow it.
  if (closedMs !== null && request.type === 'market') samples.push(performance.now() - closedMs);
  closedMs = null;
  return createOrder.call(venue, request);
};
const { failure } = await world.live(new NodeFileSystem(folder), clock, world.endMs, venue);
rmSync(folder, { recursive: true, force: true });
if (failure !== null) throw failure;

const round = (value: number) => Math.round(value * 1000) / 1000;
function spread(all: readonly number[]) {
  const sorted = all.slice(FIRST).sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor(share * (sorted.length - 1))]);
  return { samples: sorted.length, medianMs: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), worstMs: at(1) };
}
const result = {
  what: 'npm run bench:candle-to-order: closed candle to order sent, without network, both records synced',
  candleToOrder: spread(samples),
  decide: spread(stages.decide),
  sync: spread(stages.sync),
  machine: `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, kernels ${kernels.name} ${kernels.isa}`,
  load: loadavg().map(round),
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
};
agent.dispose();
kernels.dispose();
console.log(JSON.stringify(result, null, 2));
writeFileSync(new URL('./results/candle-to-order.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
const { medianMs, p99Ms } = result.candleToOrder;
process.exitCode = medianMs <= 1 && p99Ms <= 5 ? 0 : 1;
