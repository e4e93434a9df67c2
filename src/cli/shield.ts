import { styleText } from 'node:util';
import type { Json } from '../core/json.ts';
import { renderAblation } from '../evaluate/ablation-text.ts';
import { formatTable } from '../evaluate/table-text.ts';
import { ablateRun } from '../experiment/ablation.ts';
import { configureRules, exitsOf, listThresholds, type Overrides, PROFILES, type Profile } from '../shield/index.ts';
import { openNamedCheckpoint, requireFlag, settingsFor } from './checkpoints.ts';
import { defineCommand } from './command.ts';
import { OPTIONS, parseChoice, parseList } from './options.ts';
import { KERNEL_OPTIONS, loadSeries, openRunContext } from './run-context.ts';

/** `cautious,balanced` as profiles. */
export function parseProfiles(text: string): Profile[] {
  return parseList(text).map(parseChoice(PROFILES));
}

export const ablateShield = defineCommand({
  options: {
    ...OPTIONS.checkpoint,
    '--profiles <names>': {
      doc: 'profiles separated by commas',
      parse: parseProfiles,
      default: ['cautious', 'balanced', 'spec'],
    },
    ...OPTIONS.supervisor,
    ...OPTIONS.fold,
    '--symbol <names>': { parse: parseList, doc: 'other symbols than those of the run' },
    ...OPTIONS.venue,
    ...OPTIONS.timeframe,
    ...KERNEL_OPTIONS,
  },
  examples: [
    'tradernet shield ablation --checkpoint ppo-SYNTH-s1-1',
    'tradernet shield ablation --checkpoint ppo-SYNTH-s1-1 --profiles spec --supervisor smurf-SYNTH-s1-1',
  ],
  async run(options, context) {
    const runContext = await openRunContext(options, context);
    try {
      const name = requireFlag(options.checkpoint, '--checkpoint', "'tradernet runs list' shows the runs");
      const checkpoint = openNamedCheckpoint(name, runContext, context);
      const { config, symbols } = settingsFor(checkpoint, options, context);
      const supervisor =
        options.supervisor === undefined
          ? {}
          : { supervisor: openNamedCheckpoint(options.supervisor, runContext, context, '--supervisor') };
      const ablations = ablateRun(
        {
          checkpoint,
          series: loadSeries(context, symbols, config),
          config,
          fold: options.fold,
          profiles: options.profiles,
          ...supervisor,
          onEvaluation: (what) => context.progress(`ledgers of ${name} on ${what}`),
        },
        runContext,
      );
      const text = ablations.map(({ symbol, profile, note, ablation: { rows } }) => {
        const title = `${symbol}, profile ${profile}${note === '' ? '' : ` (${note})`}`;
        return `${styleText('bold', title)}\n${renderAblation({ rows })}`;
      });
      const json = ablations.map(({ ablation: { rows }, ...rest }) => ({ ...rest, rows }));
      return { text: text.join('\n\n'), json: json as unknown as Json };
    } finally {
      runContext.kernels.dispose();
    }
  },
});

export const showShield = defineCommand({
  options: { ...OPTIONS.shield },
  examples: ['tradernet shield show --shield balanced', 'tradernet shield show --set shield.rules.stop-loss=false'],
  async run(_, context) {
    const { profile, exits, rules } = context.config().shield;
    const configured = new Map(
      configureRules(profile, rules as Overrides).map(({ rule, config }) => [rule.name, config]),
    );
    const rows = listThresholds().map(({ rule, threshold, unit, tighter, doc }) => {
      const config = configured.get(rule);
      const value = config === undefined ? null : threshold === '' ? 'on' : config[threshold];
      return { rule, threshold, value, unit, tighter, doc };
    });
    const print = (value: unknown) => (value === null ? '-' : Array.isArray(value) ? value.join(' ') : String(value));
    const policy = exits ?? exitsOf(profile);
    const text = [
      `profile ${profile}, exits: ${policy} (${policy === 'literal' ? 'a denial stops any request' : 'a denial never stops a reduction of risk'})`,
      '',
      formatTable(
        ['rule', 'threshold', 'value', 'unit', 'tighter', 'meaning'].map((title) => ({ title, align: 'left' })),
        rows.map(({ rule, threshold, value, unit, tighter, doc }) => [
          rule,
          threshold,
          print(value),
          unit,
          tighter,
          doc,
        ]),
      ),
      '',
      "'-': the profile doesn't have the rule; --set shield.rules.NAME={} takes it in, =false leaves one out",
    ];
    return { text: text.join('\n'), json: { profile, exits: policy, rows } as unknown as Json };
  },
});
