/** Every rule's thresholds with unit, direction and value per profile, read off the rules themselves. */
import { profileConfig } from './profiles.ts';
import { PROFILES, type Profile, type Tighter } from './rule.ts';
import { RULES } from './rules/index.ts';

/** One threshold with its unit, meaning and value in each profile. */
export interface ThresholdRow {
  readonly rule: string;
  /** Empty for a rule that has none. */
  readonly threshold: string;
  readonly unit: string;
  readonly tighter: Tighter | '';
  readonly doc: string;
  /** What a profile has; null where it hasn't the rule. */
  readonly values: Readonly<Record<Profile, number | readonly number[] | string | null>>;
  /** What it is where a configuration adds the rule. */
  readonly standard: number | readonly number[] | string;
}

/** One row a threshold, in the order in which the rules are asked. */
export function listThresholds(): ThresholdRow[] {
  return RULES.flatMap((rule): ThresholdRow[] => {
    const fields = Object.entries(rule.config.shape);
    const row = (threshold: string): ThresholdRow['values'] =>
      Object.fromEntries(
        PROFILES.map((profile) => {
          const config = profileConfig(rule, profile);
          return [profile, config === null ? null : threshold === '' ? 'on' : config[threshold]];
        }),
      ) as ThresholdRow['values'];
    if (fields.length === 0)
      return [
        { rule: rule.name, threshold: '', unit: '', tighter: '', doc: rule.doc, values: row(''), standard: 'on' },
      ];
    return fields.map(([threshold, schema]) => {
      const { unit, doc, tighter } = schema.meta() as { unit: string; doc: string; tighter: Tighter };
      return {
        rule: rule.name,
        threshold,
        unit,
        tighter,
        doc,
        values: row(threshold),
        standard: rule.standard[threshold],
      };
    });
  });
}

const TIGHTER_WORDS = { lower: 'lower', higher: 'higher', fewer: 'fewer', shape: '-', '': '' } as const;

function printValue(value: number | readonly number[] | string | null): string {
  if (value === null) return '-';
  return typeof value === 'object' ? `${value[0]}..${value[value.length - 1]}` : String(value);
}

/** The two tables of docs/shield.md as Markdown. */
export function printThresholdTables(): string {
  const rules = RULES.map((rule) => `| \`${rule.name}\` | ${rule.doc} |`);
  const thresholds = listThresholds().map(({ rule, threshold, unit, tighter, doc, values, standard }) => {
    const cells = [values.cautious, values.balanced, values.spec].map(printValue);
    const name = threshold === '' ? `\`${rule}\`` : `\`${rule}.${threshold}\``;
    const what = threshold === '' ? '' : doc;
    return `| ${[name, unit, TIGHTER_WORDS[tighter], ...cells, printValue(standard), what].join(' | ')} |`;
  });
  return [
    '| rule | what it does |',
    '|---|---|',
    ...rules,
    '',
    '| threshold | unit | tighter | cautious | balanced | spec | where added | meaning |',
    '|---|---|---|---|---|---|---|---|',
    ...thresholds,
  ].join('\n');
}
