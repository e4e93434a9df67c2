/**
 * What `npm start` runs: two synthetic markets, one in which nothing can be earned and one with a planted signal, a
 * training on each, and two verdicts. A system that finds an edge in the first is lying; one that sees nothing in the
 * second is blind; and one that trusts the second would trust any leak: no market pays like a planted signal.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import type { Standing } from '../agents/index.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { formatShare } from '../evaluate/format.ts';
import { explainEvaluation } from '../evaluate/standing-text.ts';
import type { VerdictText } from '../evaluate/verdict.ts';
import { LEARNER_NAMES } from '../experiment/config.ts';
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
    expected: 'suspicious: look for a leak',
  },
];

const BARS = 60_000;
/** Seeds of an ensemble, one after the other; the two markets train side by side. */
const SEEDS = 3;
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
    '--agent <name>': { doc: 'the algorithm', choices: LEARNER_NAMES, default: 'exact' },
    '--steps <n>': { doc: "environment steps of each training (default: the agent's own)", parse: parseInteger(2048) },
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
    const steps = options.steps === undefined ? [] : ['--steps', String(options.steps)];
    context.print(`training ${SEEDS} seeds of the agent '${options.agent}' on each, side by side; the seeds vote`);
    const trained = await runJobs(
      MARKETS.map(({ symbol }) => ({
        name: symbol,
        args: [
          ...['train', '--agent', options.agent, '--symbol', `${symbol}${seed}`, '--seeds', String(SEEDS)],
          ...['--jobs', '1', '--seed', String(seed), ...steps, ...shared],
        ],
      })),
      context,
    );
    const runs = trained.map((result) => String((result.output as { run: string }).run));
    const evaluated = await runJobs(
      MARKETS.map(({ symbol }, i) => ({
        name: symbol,
        args: ['evaluate', '--checkpoint', runs[i], '--shield', 'none', ...shared],
      })),
      context,
    );
    const rows = MARKETS.map(({ symbol, expected }, i) => {
      const { judgement, report, subject, baselines } = evaluated[i].output as unknown as {
        judgement: { verdict: VerdictText; reason: string };
        report: string;
        subject: Evaluation['subject'];
        baselines: Evaluation['baselines'];
      };
      const { standing } = trained[i].output as unknown as { standing: Standing };
      const explained = explainEvaluation({ subject, baselines }, standing);
      const { cumulativeReturn, maxDrawdown, trades } = subject.metrics;
      const figures = { cumulativeReturn, maxDrawdown, trades };
      return { symbol, run: runs[i], expected, ...judgement, report, explained, ...figures };
    });
    const text = rows
      .map(({ symbol, run, verdict, reason, report, explained, cumulativeReturn, maxDrawdown }) =>
        [
          `${styleText('bold', symbol)} (${run}): ${styleText(['bold', verdict === 'edge' ? 'green' : 'yellow'], verdict)}`,
          `  ${reason}`,
          `  return ${formatShare(cumulativeReturn ?? 0)}, maximum drawdown ${formatShare(maxDrawdown ?? 0)}`,
          ...explained.map((line) => `  ${line}`),
          `  report: ${report}`,
        ].join('\n'),
      )
      .join('\n\n');
    const isRight = rows.every((row) => row.verdict === row.expected);
    const seconds = (context.clock.nowMs() - startMs) / 1000;
    const end = isRight
      ? `as it should be: no edge where there is none; the signal that was planted was found, and is too good for a market (${seconds.toFixed(0)} s)`
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
