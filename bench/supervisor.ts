/**
 * What a supervisor adds: a PPO agent in each world, a Smurf supervisor for it under the defaults, and the pair on the
 * test fold, beside the primary alone and beside the primary at the pair's exposure (its bar returns times the ratio of
 * the mean exposures, the rest in cash): whoever only holds less also loses less. Gates are left out, so that there is
 * something to supervise. Goes on where it stopped; results in bench/results/supervisor.json.
 *
 *   npm run bench:supervisor
 *   npm run bench:supervisor -- --world fair,momentum --seeds 2 --steps 40000
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type IntegratedAgent, loadAgent, VetoCounter } from '../src/agents/index.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { systemClock } from '../src/disk/system-clock.ts';
import { backtest } from '../src/evaluate/backtest.ts';
import { maximumDrawdown } from '../src/evaluate/drawdown.ts';
import { barReturns, type Ledger } from '../src/evaluate/ledger.ts';
import { measure } from '../src/evaluate/metrics/index.ts';
import { agentPolicy } from '../src/evaluate/policy.ts';
import { experimentSchema } from '../src/experiment/config.ts';
import { findCheckpoint } from '../src/experiment/evaluate-run.ts';
import { smurfConfig, trainSupervisor } from '../src/experiment/supervise.ts';
import { trainRun } from '../src/experiment/train-run.ts';
import { findWorld, WORLDS } from '../src/market/worlds/index.ts';
import { createKernels } from '../src/nn/index.ts';
import { median } from './learn/results.ts';

interface Score {
  readonly logReturn: number;
  readonly maxDrawdown: number;
  readonly exposure: number;
  readonly trades: number;
}

interface Row {
  readonly world: string;
  readonly seed: number;
  readonly steps: number | null;
  /** Of the primary's requests that increase risk, on the test fold. */
  readonly vetoes: { readonly requests: number; readonly share: number | null };
  readonly accepted: boolean;
  readonly primary: Score;
  readonly pair: Score;
  /** The primary at the pair's mean exposure. */
  readonly equal: Pick<Score, 'logReturn' | 'maxDrawdown'>;
}

const ROOT = resolve(import.meta.dirname, '..');
const OUT = resolve(ROOT, 'bench/results/supervisor.json');
const { values: flags } = parseArgs({
  options: {
    world: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    steps: { type: 'string' },
    out: { type: 'string', default: OUT },
    threads: { type: 'string', default: String(cpus().length) },
  },
});
const steps = flags.steps === undefined ? null : Number(flags.steps);
const worlds = flags.world?.split(',') ?? WORLDS.map(({ name }) => name);
const rows: Row[] = existsSync(flags.out) ? JSON.parse(readFileSync(flags.out, 'utf8')).rows : [];
const kernels = await createKernels({ threads: Number(flags.threads) });

function scoreOf(ledger: Ledger): Score {
  const { logReturn, maxDrawdown, exposure, trades } = measure(ledger);
  return { logReturn: logReturn ?? -10, maxDrawdown: maxDrawdown ?? 0, exposure: exposure ?? 0, trades: trades ?? 0 };
}

/** Bar returns times `share`: what the same trades earn with the rest in cash. */
function scale(ledger: Ledger, share: number): Row['equal'] {
  const equity = new Float64Array(ledger.bars).fill(1);
  barReturns(ledger).forEach((r, i) => {
    equity[i + 1] = equity[i] * (1 + share * r);
  });
  return { logReturn: Math.log(equity[ledger.bars - 1]), maxDrawdown: maximumDrawdown(equity).depth };
}

async function run(world: string, seed: number): Promise<Row> {
  const { series } = findWorld(world).make(seed);
  const storage = mkdtempSync(join(tmpdir(), 'tradernet-supervisor-'));
  const files = new NodeFileSystem(storage);
  const runContext = { files, clock: systemClock, kernels, codeVersion: 'bench' };
  try {
    const config = experimentSchema.parse({ seed, training: { agent: 'ppo', steps } });
    const trained = await trainRun({ series: [series], config }, runContext);
    const primary = findCheckpoint(trained.run.name, runContext, (path) => ({ files, path }));
    const supervised = await trainSupervisor(
      { series: [series], config: smurfConfig(config), primary, force: true },
      runContext,
    );
    const pair = loadAgent(files, `${supervised.folder}/integrated`, kernels) as IntegratedAgent;
    const { table, split } = trained.prepared.markets[0];
    const counter = new VetoCounter();
    const test = { series, table, account: config.account, shield: null, rows: split.test };
    const alone = backtest({ ...test, policy: agentPolicy(primary.agent) });
    const together = backtest({
      ...test,
      policy: {
        name: 'pair',
        decide(_row, obs, { units }) {
          const decision = pair.decide(obs);
          counter.count(decision, units, obs.mask);
          return decision;
        },
      },
    });
    const { requests, vetoes } = counter.judge();
    const [own, both] = [scoreOf(alone), scoreOf(together)];
    return {
      ...{ world, seed, steps, accepted: supervised.verdict?.accepted === true },
      vetoes: { requests, share: requests === 0 ? null : vetoes / requests },
      ...{ primary: own, pair: both },
      equal: scale(alone, own.exposure === 0 ? 0 : both.exposure / own.exposure),
    };
  } finally {
    rmSync(storage, { recursive: true });
  }
}

for (const world of worlds) {
  for (let seed = 1; seed <= Number(flags.seeds); seed++) {
    if (rows.some((row) => row.world === world && row.seed === seed && row.steps === steps)) continue;
    const row = await run(world, seed);
    rows.push(row);
    const commit = execFileSync('git', ['-C', ROOT, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
    const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
    const text = rows.map((one) => JSON.stringify(one)).join(',\n');
    writeFileSync(
      `${flags.out}.tmp`,
      `{"machine":${JSON.stringify(machine)},"commit":"${commit}",\n"rows":[\n${text}\n]}\n`,
    );
    renameSync(`${flags.out}.tmp`, flags.out);
    console.log(`${world} ${seed}: vetoes ${row.vetoes.share?.toFixed(2)}, pair ${row.pair.logReturn.toFixed(3)}`);
  }
}
for (const world of worlds) {
  const own = rows.filter((row) => row.world === world && row.steps === steps);
  const of = (value: (row: Row) => number) => median(own.map(value)).toFixed(3);
  console.log(
    [
      world.padEnd(22),
      `vetoes ${of(({ vetoes }) => vetoes.share ?? 0)}`,
      `primary ${of(({ primary }) => primary.logReturn)} (drawdown ${of(({ primary }) => primary.maxDrawdown)})`,
      `pair ${of(({ pair }) => pair.logReturn)} (${of(({ pair }) => pair.maxDrawdown)})`,
      `primary at its exposure ${of(({ equal }) => equal.logReturn)} (${of(({ equal }) => equal.maxDrawdown)})`,
      `accepted ${own.filter(({ accepted }) => accepted).length} of ${own.length}`,
    ].join('  '),
  );
}
kernels.dispose();
