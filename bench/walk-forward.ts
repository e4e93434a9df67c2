/**
 * PPO, DQN and the exact agent on real Bitcoin hours, walked forward: four folds, five seeds, alone and as ensembles that
 * vote, with the shield and without, one verdict on each. It goes on where it was stopped:
 *
 *   node bench/walk-forward.ts [--minutes 9] [--jobs 2] [--folds 4] [--seeds 5] [--set training.steps=50000]
 *
 * writes bench/results/walk-forward-btc.json. The candles lie beside the checkout, in ../shared/market-data. Agents act
 * also where their gate is closed, so that there is something to see; how many gates were closed is in the results.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const PRICES = fileURLToPath(new URL('../../shared/market-data/BTCUSDT-binance-1h-2021-2025.csv', import.meta.url));
const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const FOLDER = fileURLToPath(new URL('../database/walk-forward-btc', import.meta.url));
const FILE = new URL('results/walk-forward-btc.json', import.meta.url);

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1000' },
    jobs: { type: 'string', default: '2' },
    folds: { type: 'string', default: '4' },
    seeds: { type: 'string', default: '5' },
    set: { type: 'string', multiple: true, default: [] },
  },
});

if (!existsSync(PRICES)) {
  console.log(`${PRICES} is not there; nothing was run`);
  process.exit(1);
}
mkdirSync(FOLDER, { recursive: true });
const call = (...args: string[]) => [MAIN, ...args, '--storage', FOLDER];
if (!existsSync(`${FOLDER}/market.sqlite`))
  execFileSync(process.execPath, call('data', 'import', PRICES, '--symbol', 'BTCUSDT', '--venue', 'binance'));

const command = [
  ...['walk-forward', '--agent', 'ppo,dqn,exact', '--symbol', 'BTCUSDT', '--venue', 'binance', '--folds', values.folds],
  ...[
    '--seeds',
    values.seeds,
    '--ensemble',
    '--shield',
    'cautious',
    '--force',
    ...values.set.flatMap((one) => ['--set', one]),
  ],
];
const CLOCK = `${FOLDER}/seconds.json`;
const before: { seconds: number; loads: number[] } = existsSync(CLOCK)
  ? JSON.parse(readFileSync(CLOCK, 'utf8'))
  : { seconds: 0, loads: [] };
const startMs = Date.now();
const child = spawn(process.execPath, call(...command, '--jobs', values.jobs, '--threads', '1', '--json'), {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const timer = setTimeout(() => child.kill('SIGTERM'), 60_000 * Number(values.minutes));
let output = '';
child.stdout.setEncoding('utf8').on('data', (text: string) => {
  output += text;
});
const code = await new Promise((done) => child.on('close', done));
clearTimeout(timer);
const spent = {
  seconds: before.seconds + (Date.now() - startMs) / 1000,
  loads: [...before.loads, Math.round(10 * loadavg()[0]) / 10],
};
writeFileSync(CLOCK, JSON.stringify(spent));
if (code !== 0) {
  console.log(`stopped after ${Math.round(spent.seconds)} s in all; the same command goes on from here`);
  process.exit(code === 130 ? 0 : 1);
}

interface Verdict {
  readonly profile: string;
  readonly judgement: { readonly verdict: string; readonly reason: string };
}
const { agents, folds, scores } = JSON.parse(output) as {
  agents: { agent: string; verdicts: (Verdict & Record<string, unknown>)[] }[];
  folds: unknown;
  scores: unknown;
};
const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
const runs = JSON.parse(execFileSync(process.execPath, call('runs', 'list', '--json'), { encoding: 'utf8' })) as {
  standing: string | null;
}[];
const judged = runs.filter(({ standing }) => standing !== null);
const results = {
  command: `npm run bench:walk-forward: tradernet ${command.join(' ')}`,
  data: 'BTCUSDT, hours, Binance, 2021-01-01 to 2025-09-29; the folds cover its second half',
  commit: git('rev-parse', '--short', 'HEAD'),
  cpu: cpus()[0].model,
  node: process.version,
  jobs: Number(values.jobs),
  seconds: Math.round(spent.seconds),
  loads: spent.loads,
  gatesClosed: judged.filter(({ standing }) => standing?.includes('gate closed')).length,
  gates: judged.length,
  folds,
  agents,
  scores,
};
writeFileSync(FILE, `${JSON.stringify(results, null, 1)}\n`);
for (const { agent, verdicts } of agents)
  for (const { profile, judgement } of verdicts)
    console.log(`${agent.padEnd(16)} ${profile.padEnd(9)} ${judgement.verdict}: ${judgement.reason}`);
console.log(`${results.seconds} s, ${results.gatesClosed} of ${results.gates} gates closed`);
