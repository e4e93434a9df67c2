/**
 * Counterfactual ledgers: what the same policy would have done on the same bars without the shield, without each
 * rule in turn, and what holding and doing nothing would have brought. All of their fills are simulated.
 */
import type { AccountConfig } from '../core/account.ts';
import type { CandleSeries } from '../core/candle.ts';
import type { Shield } from '../core/shield.ts';
import type { ScaledTable } from '../features/observation.ts';
import { backtest } from './backtest.ts';
import { backtestBaseline, findBaseline } from './baselines/index.ts';
import type { Ledger } from './ledger.ts';
import { type Metrics, measure } from './metrics/index.ts';
import type { Policy } from './policy.ts';
import type { RowRange } from './split.ts';

export interface AblationOptions {
  /** A fresh policy for every ledger, so that none remembers another's pass. */
  makePolicy(): Policy;
  readonly series: CandleSeries;
  readonly table: ScaledTable | null;
  readonly account: AccountConfig;
  readonly rows: RowRange;
  /** Names of the rules to leave out one at a time. */
  readonly rules: readonly string[];
  /** The layer without one rule; `null` for the whole layer. A fresh one for every ledger. */
  makeShield(without: string | null): Shield;
}

export interface AblationRow {
  readonly label: string;
  /** The rule that is missing here; null in the rows that are about something else. */
  readonly without: string | null;
  readonly metrics: Metrics;
  /** Times that the missing rule did something in the whole layer's ledger: verdicts but allow, and fills at its levels. */
  readonly acted: number | null;
  /** Maximum drawdown of this ledger minus that of the whole layer's: what the missing part avoided. */
  readonly drawdownAvoided: number;
  /** Log return of this ledger minus that of the whole layer's: what the missing part cost. */
  readonly returnPaid: number;
  /** Decisions of this ledger that its layer changed, of how many. */
  readonly overridden: number;
  readonly decisions: number;
  /** Share of the decisions at which other units were held than in the whole layer's ledger; null for the baselines. */
  readonly positionsChanged: number | null;
  readonly haltedMs: number | null;
}

export interface Ablation {
  /** The whole layer first; then without any, without each rule, buy-and-hold, flat. */
  readonly rows: readonly AblationRow[];
  /** In the order of `rows`. */
  readonly ledgers: readonly Ledger[];
}

/** The layer itself, with a note of whose protective levels held in each bar; `noteOf` is asked for a bar's open time. */
function watchLevels(
  whole: Shield,
  without: ReadonlyMap<string, Shield>,
): { readonly layer: Shield; noteOf(timeMs: number): { stop: string[]; target: string[] } | undefined } {
  const notes = new Map<number, { stop: string[]; target: string[] }>();
  let closeMs = 0;
  const layer: Shield = {
    decide: (decision, facts) => {
      closeMs = facts.timeMs;
      return whole.decide(decision, facts);
    },
    levels: (facts) => {
      const levels = whole.levels(facts);
      const note: { stop: string[]; target: string[] } = { stop: [], target: [] };
      for (const [rule, other] of without) {
        const { stop, target } = other.levels(facts);
        if (!Object.is(stop, levels.stop)) note.stop.push(rule);
        if (!Object.is(target, levels.target)) note.target.push(rule);
      }
      notes.set(closeMs, note);
      return levels;
    },
    maskObservation: (facts, mask, bits, at) => whole.maskObservation?.(facts, mask, bits, at),
    reset: (resetOptions) => whole.reset(resetOptions),
    saveState: () => whole.saveState(),
    restoreState: (state) => whole.restoreState(state),
  };
  return { layer, noteOf: (timeMs) => notes.get(timeMs) };
}

/** The policy, with a note of the units that were held whenever it was asked. */
function watchUnits(policy: Policy, { from, to }: RowRange): { readonly policy: Policy; readonly units: Int32Array } {
  const units = new Int32Array(to - from);
  const decide: Policy['decide'] = (row, obs, account) => {
    units[row - from] = account.units;
    return policy.decide(row, obs, account);
  };
  return { policy: { name: policy.name, decide }, units };
}

export function ablate(options: AblationOptions): Ablation {
  const { series, table, account, rows, rules, makePolicy, makeShield } = options;
  const run = (shield: Shield | null) => {
    const { policy, units } = watchUnits(makePolicy(), rows);
    return { ledger: backtest({ policy, series, table, account, shield, rows }), units };
  };
  const fold = { train: null, test: rows, reference: null, seed: 0 };
  const baseline = (name: string) => ({
    ledger: backtestBaseline(findBaseline(name), { series, table, account, ...fold }),
    units: null,
  });
  const watched = watchLevels(makeShield(null), new Map(rules.map((rule) => [rule, makeShield(rule)])));
  const first = run(watched.layer);
  const whole = first.ledger;
  /** Fills at the protective levels of a rule: the decision before the fill's bar noted whose they were. */
  const protectedBy = (rule: string) =>
    whole.fills.filter(({ row, reason }) => {
      if (reason !== 'stop' && reason !== 'target') return false;
      return watched.noteOf(series.timeMs[row - 1] + series.timeframeMs)?.[reason].includes(rule);
    }).length;
  const passes: { label: string; without: string | null; ledger: Ledger; units: Int32Array | null }[] = [
    { label: 'With the whole shield', without: null, ...first },
    { label: 'Without a shield', without: null, ...run(null) },
    ...rules.map((rule) => ({ label: `Without ${rule}`, without: rule, ...run(makeShield(rule)) })),
    { label: 'Buy and hold', without: null, ...baseline('buy-and-hold') },
    { label: 'Flat', without: null, ...baseline('flat') },
  ];
  const changedUnits = (units: Int32Array) => units.reduce((n, held, i) => n + (held === first.units[i] ? 0 : 1), 0);
  const reference = measure(whole);
  const difference = (metrics: Metrics, name: string) => (metrics[name] ?? 0) - (reference[name] ?? 0);
  return {
    ledgers: passes.map(({ ledger }) => ledger),
    rows: passes.map(({ label, without, ledger, units }) => {
      const metrics = measure(ledger);
      const decisions = ledger.decided.reduce((sum, asked) => sum + asked, 0);
      const counts = whole.verdicts[without ?? ''] ?? { deny: 0, 'reduce-only': 0, halt: 0 };
      const { haltedRow, firstRow, timeMs } = ledger;
      return {
        label,
        without,
        metrics,
        acted: without === null ? null : counts.deny + counts['reduce-only'] + counts.halt + protectedBy(without),
        drawdownAvoided: difference(metrics, 'maxDrawdown'),
        returnPaid: difference(metrics, 'logReturn'),
        overridden: ledger.overridden,
        decisions,
        positionsChanged: units === null ? null : changedUnits(units) / Math.max(1, decisions),
        haltedMs: haltedRow === null ? null : timeMs[haltedRow - firstRow],
      };
    }),
  };
}
