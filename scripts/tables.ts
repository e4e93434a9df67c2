/** The tables of the documents, read off the lists that the program walks. */
import { readFileSync } from 'node:fs';
import { AGENTS, LEARNERS } from '../src/agents/index.ts';
import { COMMANDS } from '../src/cli/commands.ts';
import { configSchema } from '../src/cli/config.ts';
import { listSettings } from '../src/core/setting.ts';
import { REWARDS } from '../src/env/rewards/index.ts';
import { BASELINES } from '../src/evaluate/baselines/index.ts';
import { METRICS } from '../src/evaluate/metrics/index.ts';
import { PRESETS } from '../src/experiment/presets.ts';
import { INDICATORS } from '../src/features/index.ts';
import type { Parameter } from '../src/features/indicator.ts';
import { featureSet, featureSetNames } from '../src/features/sets.ts';
import { printThresholdTables } from '../src/shield/index.ts';

/** A Markdown table; a bar within a cell is escaped. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(titles), `|${titles.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

interface Calibration {
  readonly done: boolean;
  readonly summary: readonly {
    readonly scenario: string;
    readonly rounds: number;
    readonly ok: boolean;
    readonly atMost?: number;
    readonly atLeast?: number;
    readonly shares: readonly { what: string; share: number; lower95: number; upper95: number }[];
  }[];
}

/** What `npm run calibration` wrote. */
export function readCalibration(): Calibration {
  return JSON.parse(readFileSync(new URL('../bench/results/verdict-calibration.json', import.meta.url), 'utf8'));
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function describeParameter([name, parameter]: [string, Parameter]): string {
  return parameter.kind === 'choice'
    ? `${name}: ${parameter.choices.join(' or ')}`
    : `${name}: ${parameter.default} bars (${parameter.least} to ${parameter.most})`;
}

/** Name, as it stands in a document's mark, to what makes the table. */
export const TABLES: Readonly<Record<string, () => string>> = {
  agents: () =>
    table(
      ['name', 'what it is', 'trained with'],
      AGENTS.map(({ name, summary }) => [
        `\`${name}\``,
        summary,
        LEARNERS.some((one) => one.name === name) ? `\`--agent ${name}\`` : '-',
      ]),
    ),
  rewards: () =>
    table(
      ['name', 'pays', 'looks ahead'],
      REWARDS.map(({ name, docs, horizon }) => [`\`${name}\``, docs, `${horizon} bar${horizon === 1 ? '' : 's'}`]),
    ),
  'feature-sets': () =>
    table(
      ['name', 'columns', 'first complete row'],
      featureSetNames()
        .map(featureSet)
        .map(({ name, columns, warmup }) => [`\`${name}\``, String(columns.length), String(warmup + 1)]),
    ),
  indicators: () =>
    table(
      ['name', 'in the brackets', 'what it is'],
      INDICATORS.map(({ name, parameters, docs }) => [
        `\`${name}\``,
        Object.entries(parameters).map(describeParameter).join('; ') || '-',
        docs,
      ]),
    ),
  rules: printThresholdTables,
  metrics: () =>
    table(
      ['name', 'unit', 'meaning'],
      METRICS.map(({ name, unit, doc }) => [`\`${name}\``, unit, doc]),
    ),
  baselines: () =>
    table(
      ['name', 'meaning'],
      BASELINES.map(({ name, doc }) => [`\`${name}\``, doc]),
    ),
  calibration: () =>
    table(
      ['asked', 'rounds', 'what was seen', 'share', 'one-sided 95 % bounds', 'asked for'],
      readCalibration().summary.flatMap(({ scenario, rounds, shares, atMost, atLeast }) =>
        // By the kind of market only in the results.
        shares
          .filter(({ what }) => !what.includes(': '))
          .map(({ what, share, lower95, upper95 }, i) => [
            ...[scenario, String(rounds), what, percent(share), `${percent(lower95)} to ${percent(upper95)}`],
            i > 0
              ? ''
              : [
                  ...(atLeast === undefined ? [] : [`at least ${percent(atLeast)}`]),
                  ...(atMost === undefined ? [] : [`at most ${percent(atMost)}`]),
                ].join(', '),
          ]),
      ),
    ),
  presets: () =>
    table(
      ['name', 'what it sets'],
      Object.entries(PRESETS).map(([name, { doc }]) => [`\`${name}\``, doc]),
    ),
  settings: () =>
    table(
      ['setting', 'default', 'unit', 'meaning'],
      listSettings(configSchema).map((row) => [`\`${row.path}\``, JSON.stringify(row.default), row.unit, row.doc]),
    ),
  commands: () =>
    table(
      ['command', 'what it does'],
      COMMANDS.map(({ name, summary }) => [`\`${name}\``, summary]),
    ),
};

const MARKED = /(<!-- table: ([\w-]+),[^>]*-->\n)[\s\S]*?(\n<!-- end of table -->)/g;

/** The document with all of its tables as they are today. */
export function writeTables(text: string): string {
  return text.replace(MARKED, (_whole, begin: string, name: string, end: string) => {
    const make = TABLES[name];
    if (make === undefined) throw new Error(`there is no table '${name}'`);
    return `${begin}${make()}${end}`;
  });
}
