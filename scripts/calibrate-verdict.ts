/**
 * How often does the verdict err? Strategies that know nothing on fair markets, chosen by a liar or not, must (almost)
 * never be called an edge; skill should be found; intervals should cover. All of it is made up as returns bar by bar and
 * goes through the real verdict. It goes on where it was stopped:
 *
 *   node scripts/calibrate-verdict.ts [--minutes 9] [--fresh] [--seeds FIRST] [--only TEXT]
 *
 * writes bench/results/verdict-calibration.json. With `--seeds` other rounds are made, for whoever changes the rule, and
 * nothing is written.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { normalQuantile } from '../src/evaluate/normal.ts';
import { SCENARIOS, type Scenario } from './calibration/scenarios.ts';

const FILE = new URL('../bench/results/verdict-calibration.json', import.meta.url);
/** Of the rounds that are reported. */
const FIRST_SEED = 1_000_000;

interface Tally {
  readonly scenario: string;
  rounds: number;
  readonly counts: Record<string, { yes: number; of: number }>;
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '9' },
    fresh: { type: 'boolean', default: false },
    seeds: { type: 'string' },
    only: { type: 'string' },
  },
});
const firstSeed = values.seeds === undefined ? FIRST_SEED : Number(values.seeds);
const isReported = values.seeds === undefined;
const end = Date.now() + 60_000 * Number(values.minutes);

const kept: Tally[] =
  isReported && !values.fresh && existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')).tallies ?? []) : [];
const tallies = SCENARIOS.map(
  ({ name }): Tally => kept.find(({ scenario }) => scenario === name) ?? { scenario: name, rounds: 0, counts: {} },
);

/** Wilson's one-sided 95 % bound of a share. */
function bound(yes: number, of: number, side: 1 | -1): number {
  const z = normalQuantile(0.95);
  const share = yes / of;
  const middle = share + (z * z) / (2 * of);
  const half = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  return Math.min(1, Math.max(0, (middle + side * half) / (1 + (z * z) / of)));
}

const round = (value: number) => Math.round(10_000 * value) / 10_000;

function summarise({ bound: { atMost, atLeast } }: Scenario, { scenario, rounds, counts }: Tally) {
  const shares = Object.entries(counts).map(([what, { yes, of }]) => ({
    ...{ what, yes, of, share: round(yes / of) },
    ...{ lower95: round(bound(yes, of, -1)), upper95: round(bound(yes, of, 1)) },
  }));
  const share = shares[0]?.share ?? Number.NaN;
  const ok = share <= (atMost ?? 1) && share >= (atLeast ?? 0);
  return { scenario, rounds, atMost, atLeast, ok, shares };
}

function save(): void {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const results = {
    command: 'npm run calibration',
    commit: git('rev-parse', '--short', 'HEAD'),
    cpu: cpus()[0].model,
    node: process.version,
    done: SCENARIOS.every((one, i) => tallies[i].rounds >= one.rounds),
    note: 'markets and strategies are made up bar by bar (hours), without costs; resamples 2000 for alpha, 1000 for luck',
    summary: SCENARIOS.map((one, i) => summarise(one, tallies[i])),
    tallies,
  };
  if (isReported) writeFileSync(FILE, `${JSON.stringify(results, null, 1)}\n`);
}

for (const [i, scenario] of SCENARIOS.entries()) {
  const tally = tallies[i];
  if (values.only !== undefined && !scenario.name.includes(values.only)) continue;
  while (tally.rounds < scenario.rounds && Date.now() < end) {
    for (const [what, one] of Object.entries(scenario.round(firstSeed + tally.rounds))) {
      const count = tally.counts[what] ?? { yes: 0, of: 0 };
      tally.counts[what] = { yes: count.yes + one, of: count.of + 1 };
    }
    tally.rounds++;
  }
  save();
  if (tally.rounds === 0) continue;
  const { ok, shares, rounds } = summarise(scenario, tally);
  console.log(`${ok ? 'ok ' : 'NOT'} ${scenario.name}, ${rounds} of ${scenario.rounds} rounds`);
  for (const { what, share, lower95, upper95 } of shares)
    if (!what.includes(': ')) console.log(`      ${what}: ${share} (one-sided 95 %: ${lower95}, ${upper95})`);
}
if (Date.now() >= end) console.log('time is up; the same command goes on from here');
