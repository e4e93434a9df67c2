import { join } from 'node:path';
import { styleText } from 'node:util';
import { describeStanding, type Standing } from '../agents/index.ts';
import { writeDurably } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { ablationSection, renderAblation } from '../evaluate/ablation-text.ts';
import { BASELINES } from '../evaluate/baselines/index.ts';
import { costSection, renderCosts } from '../evaluate/cost-text.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { outlookSection, renderOutlook } from '../evaluate/outlook-text.ts';
import { renderReport } from '../evaluate/report/html.ts';
import { explanationSection } from '../evaluate/standing-text.ts';
import { renderTable } from '../evaluate/summary-text.ts';
import { baselineRun } from '../experiment/baseline-run.ts';
import { evaluateRun, type RunEvaluation } from '../experiment/evaluate-run.ts';
import { openNamedCheckpoint, requireFlag, settingsFor } from './checkpoints.ts';
import { type Context, defineCommand, type Options, type OptionsOf } from './command.ts';
import { OPTIONS, parseList } from './options.ts';
import { KERNEL_OPTIONS, loadSeries, openRunContext, readCodeVersion, requireSymbols } from './run-context.ts';
import { requireWritable, writeUserFile } from './user-files.ts';

/** Of an agent, or of a baseline, which has no shield. */
type Examined = Evaluation & Partial<RunEvaluation>;

/** The file of --report, known to be writable before a trial is spent; null where the user names none. */
function openReport({ report }: OptionsOf<typeof REPORT_OPTION>, context: Context): string | null {
  if (report === undefined) return null;
  return requireWritable(context, report, '--report', { makeFolder: true });
}

/** Writes a report where the user wants it, or beside the run; returns its path. */
function writeReport(
  evaluation: Examined,
  folder: string,
  name: string,
  asked: string | null,
  context: Context,
  standing: Standing | null = null,
): string {
  const counterfactuals = evaluation.counterfactuals ? [ablationSection({ rows: evaluation.counterfactuals })] : [];
  const costs = evaluation.costs ? [costSection(evaluation.costs)] : [];
  const sections = [explanationSection(evaluation, standing), outlookSection(evaluation), ...costs, ...counterfactuals];
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
      const blocks = [
        renderTable(evaluation),
        renderOutlook(evaluation),
        ...(evaluation.costs ? [renderCosts(evaluation.costs)] : []),
        ...(counterfactuals ? [renderAblation({ rows: counterfactuals })] : []),
      ];
      return [...blocks, `${styleText('bold', symbol)}: ${colourVerdict(evaluation)}\nreport: ${report}`].join('\n\n');
    })
    .join('\n\n');
  const json = evaluations.map(({ evaluation: { chart: _, ...rest }, report }) => ({ ...rest, report }));
  return { text, json: (json.length === 1 ? json[0] : json) as unknown as Json };
}

const REPORT_OPTION = {
  '--report <file>': { doc: 'where to write the HTML report (default: beside the run)' },
} satisfies Options;

export const evaluate = defineCommand({
  options: {
    ...OPTIONS.checkpoint,
    ...OPTIONS.shield,
    ...OPTIONS.supervisor,
    '--no-counterfactuals': { doc: 'leave out what each rule of the shield avoided and cost (quicker)' },
    '--costs': { doc: 'costs from none to three times, one bar of delay, and larger accounts' },
    ...OPTIONS.fold,
    '--force': { doc: 'let an agent act whose gate is closed' },
    '--symbol <names>': { parse: parseList, doc: 'other symbols than those of the run' },
    ...OPTIONS.venue,
    ...OPTIONS.timeframe,
    ...OPTIONS.testFrom,
    ...REPORT_OPTION,
    ...KERNEL_OPTIONS,
  },
  examples: [
    'tradernet evaluate --checkpoint ppo-SYNTH-s1-1',
    'tradernet evaluate --checkpoint ppo-SYNTH-s1-1 --shield none --costs',
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
          : openNamedCheckpoint(options.supervisor, runContext, context, '--supervisor');
      const { fold } = options;
      const report = openReport(options, context);
      const evaluations = evaluateRun(
        {
          checkpoint,
          series: loadSeries(context, symbols, config),
          config,
          fold,
          force: options.force,
          counterfactuals: options.counterfactuals,
          costs: options.costs,
          ...(supervisor === undefined ? {} : { supervisor }),
          onEvaluation: (symbol) => context.progress(`evaluating ${name} on ${symbol}`),
        },
        runContext,
      );
      const { standing } = checkpoint;
      const said = standing === null ? [] : describeStanding(standing);
      const { text, json } = summarise(
        evaluations.map((evaluation) => {
          const symbol = evaluation.symbol.replaceAll(/[^\w]/g, '');
          const file = `${fold}-${symbol}-${config.shield.profile}.html`;
          const folder = checkpoint.run === null ? 'reports' : `runs/${checkpoint.run.name}`;
          return { evaluation, report: writeReport(evaluation, folder, file, report, context, standing) };
        }),
      );
      return { text: [...(said.length === 0 ? [] : [said.join('\n')]), text].join('\n\n'), json };
    } finally {
      runContext.kernels.dispose();
    }
  },
});

export const baseline = defineCommand({
  arguments: [{ name: '<name>', doc: BASELINES.map((one) => one.name).join(', ') }],
  options: {
    ...OPTIONS.symbol,
    ...OPTIONS.venue,
    ...OPTIONS.timeframe,
    ...OPTIONS.seed,
    ...OPTIONS.testFrom,
    ...REPORT_OPTION,
  },
  examples: ['tradernet baseline buy-and-hold --symbol SYNTH'],
  async run(options, context, [name]) {
    const config = context.config();
    const series = loadSeries(context, requireSymbols(options.symbol), config);
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
});
