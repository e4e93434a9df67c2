import { dirname, join, relative, resolve } from 'node:path';
import { styleText } from 'node:util';
import { InputError } from '../core/errors.ts';
import { writeDurably } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { ablationSection, renderAblation } from '../evaluate/ablation-text.ts';
import { BASELINES } from '../evaluate/baselines/index.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { renderReport } from '../evaluate/report/html.ts';
import { renderTable } from '../evaluate/summary-text.ts';
import { baselineRun } from '../experiment/baseline-run.ts';
import { type Checkpoint, evaluateRun, findCheckpoint, type RunEvaluation } from '../experiment/evaluate-run.ts';
import { CHECKPOINTS, type RunContext } from '../experiment/run-context.ts';
import { PROFILES } from '../shield/rule.ts';
import type { Command, Context, Option } from './command.ts';
import { type Config, overrideSettings } from './config.ts';
import { OPTIONS, parseChoice } from './options.ts';
import {
  KERNEL_OPTIONS,
  loadSeries,
  openRunContext,
  readCodeVersion,
  readSettings,
  requireSymbols,
} from './run-context.ts';
import { requireWritable, writeUserFile } from './user-files.ts';

/** A checkpoint named by its run or its folder. */
export function openNamedCheckpoint(
  name: string,
  runContext: RunContext,
  context: Context,
  flag = '--checkpoint',
): Checkpoint {
  // A folder in the storage is its run's, however it was named: its trials count, its folds are known.
  const inside = relative(join(context.storage, CHECKPOINTS), resolve(context.cwd, name)).replaceAll('\\', '/');
  return findCheckpoint(
    inside === '' || inside.startsWith('..') ? name : inside,
    runContext,
    (path) => {
      const whole = resolve(context.cwd, path);
      return { files: new NodeFileSystem(dirname(whole)), path: whole.slice(dirname(whole).length + 1) };
    },
    flag,
  );
}

/** Settings and symbols for a checkpoint: its run's, with the flags of this call over them. */
export function settingsFor(
  checkpoint: Checkpoint,
  options: Record<string, unknown>,
  context: Context,
): { readonly config: Config; readonly symbols: readonly string[] } {
  const asked = options.symbol as string[] | undefined;
  if (checkpoint.run === null) return { config: context.config(), symbols: requireSymbols(asked) };
  const { config, symbols } = readSettings(checkpoint.run);
  return { config: overrideSettings(config, options.set as Record<string, unknown>), symbols: asked ?? symbols };
}

/** Of an agent, or of a baseline, which has no shield. */
type Examined = Evaluation & Partial<RunEvaluation>;

/** The file of --report, known to be writable before a trial is spent; null where the user names none. */
function openReport(options: Record<string, unknown>, context: Context): string | null {
  if (options.report === undefined) return null;
  return requireWritable(context, options.report as string, '--report', { makeFolder: true });
}

/** Writes a report where the user wants it, or beside the run; returns its path. */
function writeReport(
  evaluation: Examined,
  folder: string,
  name: string,
  asked: string | null,
  context: Context,
): string {
  const sections = evaluation.counterfactuals ? [ablationSection({ rows: evaluation.counterfactuals })] : [];
  const text = renderReport(evaluation, sections);
  if (asked !== null) return writeUserFile(context, asked, text, { flag: '--report' });
  writeDurably(new NodeFileSystem(context.storage), `${folder}/${name}`, text);
  return join(context.storage, folder, name);
}

function colourVerdict(evaluation: Evaluation): string {
  const { verdict } = evaluation.judgement;
  return styleText(verdict === 'edge' ? 'green' : verdict === 'worse than holding' ? 'red' : 'yellow', verdict);
}

function summarise(evaluations: readonly { evaluation: Examined; report: string }[]) {
  const text = evaluations
    .map(({ evaluation, report }) => {
      const { counterfactuals, symbol } = evaluation;
      const blocks = [renderTable(evaluation), ...(counterfactuals ? [renderAblation({ rows: counterfactuals })] : [])];
      return [...blocks, `${styleText('bold', symbol)}: ${colourVerdict(evaluation)}\nreport: ${report}`].join('\n\n');
    })
    .join('\n\n');
  const json = evaluations.map(({ evaluation: { chart: _, ...rest }, report }) => ({ ...rest, report }));
  return { text, json: (json.length === 1 ? json[0] : json) as unknown as Json };
}

export const SHIELD_OPTION: Option = {
  flags: '--shield <profile>',
  doc: PROFILES.join(', '),
  parse: parseChoice(PROFILES),
  config: 'shield.profile',
};
const REPORT: Option = { flags: '--report <file>', doc: 'where to write the HTML report (default: beside the run)' };

const evaluate: Command = {
  name: 'evaluate',
  summary: 'test a checkpoint on data it never saw, with a verdict',
  options: [
    { flags: '--checkpoint <run>', doc: "a run (its best), RUN/last, or a checkpoint's folder" },
    SHIELD_OPTION,
    { flags: '--supervisor <run>', doc: 'the agent behind the rule smurf' },
    { flags: '--no-counterfactuals', doc: 'leave out what each rule of the shield avoided and cost (quicker)' },
    { flags: '--fold <name>', doc: 'test or validation', parse: parseChoice(['test', 'validation']), default: 'test' },
    { ...OPTIONS.symbol, doc: 'other symbols than those of the run' },
    OPTIONS.venue,
    OPTIONS.timeframe,
    { flags: '--test-from <date>', doc: 'first day of the test fold', config: 'split.testFrom' },
    REPORT,
    ...KERNEL_OPTIONS,
  ],
  examples: [
    'tradernet evaluate --checkpoint ppo-SYNTH-s1-1',
    'tradernet evaluate --checkpoint ppo-SYNTH-s1-1 --shield none',
  ],
  async run(options, context) {
    const runContext = await openRunContext(options, context);
    try {
      const name = requireFlag(options.checkpoint, '--checkpoint', "'tradernet runs list' shows the runs");
      const checkpoint = openNamedCheckpoint(name, runContext, context);
      const { config, symbols } = settingsFor(checkpoint, options, context);
      const supervisor =
        options.supervisor === undefined
          ? undefined
          : openNamedCheckpoint(String(options.supervisor), runContext, context, '--supervisor').agent;
      const fold = options.fold as 'test' | 'validation';
      const report = openReport(options, context);
      const evaluations = evaluateRun(
        {
          checkpoint,
          series: loadSeries(context, symbols, config),
          config,
          fold,
          counterfactuals: options.counterfactuals === true,
          ...(supervisor === undefined ? {} : { supervisor }),
          onEvaluation: (symbol) => context.progress(`evaluating ${name} on ${symbol}`),
        },
        runContext,
      );
      return summarise(
        evaluations.map((evaluation) => {
          const symbol = evaluation.symbol.replaceAll(/[^\w]/g, '');
          const file = `${fold}-${symbol}-${config.shield.profile}.html`;
          const folder = checkpoint.run === null ? 'reports' : `runs/${checkpoint.run.name}`;
          return { evaluation, report: writeReport(evaluation, folder, file, report, context) };
        }),
      );
    } finally {
      runContext.kernels.dispose();
    }
  },
};

const baseline: Command = {
  name: 'baseline',
  summary: 'evaluate a policy that needs no agent',
  arguments: [{ name: '<name>', doc: BASELINES.map((one) => one.name).join(', ') }],
  options: [
    OPTIONS.symbol,
    OPTIONS.venue,
    OPTIONS.timeframe,
    OPTIONS.seed,
    { flags: '--test-from <date>', doc: 'first day of the test fold', config: 'split.testFrom' },
    REPORT,
  ],
  examples: ['tradernet baseline buy-and-hold --symbol SYNTH'],
  async run(options, context, [name]) {
    const config = context.config();
    const series = loadSeries(context, requireSymbols(options.symbol as string[] | undefined), config);
    const report = openReport(options, context);
    const place = { files: new NodeFileSystem(context.storage), clock: context.clock, codeVersion: readCodeVersion() };
    const { run, evaluations } = baselineRun(name, series, config, place);
    return summarise(
      evaluations.map((evaluation) => {
        const file = `test-${evaluation.symbol.replaceAll(/[^\w]/g, '')}.html`;
        return { evaluation, report: writeReport(evaluation, `runs/${run}`, file, report, context) };
      }),
    );
  },
};

export function requireFlag(value: unknown, flag: string, advice: string): string {
  if (typeof value === 'string') return value;
  throw new InputError(`${flag} is missing; ${advice}`);
}

export const commands = [evaluate, baseline];
