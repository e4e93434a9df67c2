/**
 * What `npm start` runs: two synthetic markets, one in which nothing can be earned and one with a planted signal, a
 * training on each, and two verdicts. A system that finds an edge in the first is lying; one that finds none in the
 * second is blind.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { VerdictText } from '../evaluate/verdict.ts';
import { synthesize } from '../market/synthetic.ts';
import { type Job, type JobResult, runPool } from '../runs/pool.ts';
import { type Context, defineCommand } from './command.ts';
import { OPTIONS, parseInteger } from './options.ts';
import { KERNEL_OPTIONS, openStore } from './run-context.ts';

interface Market {
  readonly symbol: string;
  readonly what: string;
  readonly options: { readonly martingale?: boolean; readonly signal?: number };
  readonly expected: VerdictText;
}

const MARKETS: readonly Market[] = [
  {
    symbol: 'MARTINGALE',
    what: 'a fair game: nothing can be earned, costs are lost',
    options: { martingale: true },
    expected: 'no evidence of an edge',
  },
  {
    symbol: 'SIGNAL',
    what: 'a planted signal foretells the next bar (correlation 0.5)',
    options: { signal: 0.5 },
    expected: 'edge',
  },
];

const BARS = 60_000;
/**
 * Small networks and large minibatches: two trainings in a minute or so, on any machine. The market is long, so that an
 * agent sees a bar once or twice: on a short one it learns the past by heart, and trades on what it remembers.
 */
const SETTINGS: readonly string[] = [
  'ppo.minibatchSize=256',
  'ppo.learningRate=0.001',
  'ppo.gamma=0.9',
  'ppo.network={"filters":16,"hidden":[64,64]}',
  'shield.profile=none',
  'training.validateEvery=10000',
];
const ENTRY = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url));

/** Stores the markets; a market that is there already is the same, since the seed is. */
function makeMarkets(seed: number, context: Context): void {
  using store = openStore(context);
  for (const { symbol, options } of MARKETS) {
    const { series } = synthesize({ bars: BARS, seed, symbol: `${symbol}${seed}`, trends: false, ...options });
    store.importSeries(series);
  }
}

/** Runs the jobs side by side and shows the line of each. */
async function runJobs(jobs: readonly Job[], context: Context): Promise<JobResult[]> {
  const lines = jobs.map(() => '');
  const results = await runPool(jobs, {
    workers: jobs.length,
    entry: ENTRY,
    env: { ...context.env, TRADERNET_PROGRESS_MS: '500' },
    signal: context.signal,
    onProgress(index, line) {
      lines[index] = line;
      context.progress(lines.map((one, i) => `${jobs[i].name} ${one.slice(0, 60)}`).join('   '));
    },
  });
  const failed = results.find((result) => result.exitCode !== 0);
  if (context.signal.aborted) throw new InputError('stopped; run it again to start over');
  if (failed !== undefined) throw new InputError(`${failed.job.name}: ${failed.error.replace(/^error: /, '')}`);
  return results;
}

export const demo = defineCommand({
  options: {
    '--steps <n>': { doc: 'environment steps of each training', parse: parseInteger(2048), default: 120_000 },
    ...OPTIONS.seed,
    ...KERNEL_OPTIONS,
  },
  examples: ['tradernet demo', 'tradernet demo --seed 7'],
  async run(options, context) {
    const { seed } = context.config();
    const startMs = context.clock.nowMs();
    context.print(`making two synthetic markets of ${BARS.toLocaleString('en-US')} hourly bars, seed ${seed}`);
    for (const { symbol, what } of MARKETS) context.print(`  ${styleText('bold', symbol)}: ${what}`);
    makeMarkets(seed, context);

    const shared = ['--storage', context.storage, '--threads', String(options.threads ?? 1)];
    if (options.kernels !== undefined) shared.push('--kernels', options.kernels);
    const settings = SETTINGS.flatMap((setting) => ['--set', setting]);
    context.print(`training PPO on each for ${options.steps.toLocaleString('en-US')} steps, side by side`);
    const trained = await runJobs(
      MARKETS.map(({ symbol }) => ({
        name: symbol,
        args: [
          ...['train', '--agent', 'ppo', '--symbol', `${symbol}${seed}`, '--steps', String(options.steps)],
          ...['--seed', String(seed), ...shared, ...settings],
        ],
      })),
      context,
    );
    const runs = trained.map((result) => String((result.output as { run: string }).run));
    const evaluated = await runJobs(
      MARKETS.map(({ symbol }, i) => ({ name: symbol, args: ['evaluate', '--checkpoint', runs[i], ...shared] })),
      context,
    );
    const rows = MARKETS.map(({ symbol, expected }, i) => {
      const { judgement, report, subject } = evaluated[i].output as {
        judgement: { verdict: VerdictText; reason: string };
        report: string;
        subject: { metrics: { cumulativeReturn: number; maxDrawdown: number } };
      };
      return { symbol, run: runs[i], expected, ...judgement, report, ...subject.metrics };
    });
    const text = rows
      .map(({ symbol, run, verdict, reason, report, cumulativeReturn, maxDrawdown }) =>
        [
          `${styleText('bold', symbol)} (${run}): ${styleText(['bold', verdict === 'edge' ? 'green' : 'yellow'], verdict)}`,
          `  ${reason}`,
          `  return ${(100 * cumulativeReturn).toFixed(1)} %, maximum drawdown ${(100 * maxDrawdown).toFixed(1)} %`,
          `  report: ${report}`,
        ].join('\n'),
      )
      .join('\n\n');
    const isRight = rows.every((row) => row.verdict === row.expected);
    const seconds = (context.clock.nowMs() - startMs) / 1000;
    const end = isRight
      ? `as it should be: no edge where there is none, and the one that was planted was found (${seconds.toFixed(0)} s)`
      : `${styleText('red', 'not as it should be')}: expected ${rows.map((row) => `'${row.expected}'`).join(' and ')}`;
    return {
      text: `\n${text}\n\n${end}\n\nnext: 'npm run tradernet -- --help', and the README`,
      json: {
        seed,
        seconds,
        isRight,
        markets: rows.map((row) => ({ ...row, folder: join(context.storage, 'runs', row.run) })),
      } as unknown as Json,
      exitCode: isRight ? 0 : 1,
    };
  },
});
