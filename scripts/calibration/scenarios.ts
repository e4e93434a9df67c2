/** What is asked of the verdict, round by round. A round counts things; its number is its seed. */
import { Rng } from '../../src/core/rng.ts';
import { alphaOverFolds, betaOf, estimateAlpha } from '../../src/evaluate/alpha.ts';
import { beyondMarket, type JudgedBars, type Looks, NO_LOOKS, sortLooks } from '../../src/evaluate/looks.ts';
import { mean, variance } from '../../src/evaluate/moments.ts';
import { type Circumstances, judgeSample } from '../../src/evaluate/verdict.ts';
import type { Trial } from '../../src/runs/registry.ts';
import {
  ACCOUNTS,
  type AccountKind,
  MARKETS,
  type MarketKind,
  makeMarket,
  makeSkill,
  makeStrategy,
  YEAR,
} from './made.ts';

const HOUR = 3_600_000;
/** Bars of a fair market that is looked at once, and where there are many looks. */
const HALF_YEAR = 4383;
const QUARTER = 2191;
const TWO_MONTHS = 1461;

/** What a round saw: each name counted, 1 for yes and 0 for no. */
export type Counts = Readonly<Record<string, 0 | 1>>;

export interface Scenario {
  readonly name: string;
  readonly rounds: number;
  /** What a share must be: at most, at least, or between. */
  readonly bound: { readonly atMost?: number; readonly atLeast?: number };
  round(seed: number): Counts;
}

const worldOf = (seed: number): { kind: MarketKind; account: AccountKind } => ({
  kind: MARKETS[seed % MARKETS.length],
  account: ACCOUNTS[Math.floor(seed / MARKETS.length) % ACCOUNTS.length],
});

function verdictOn(returns: Float64Array, held: Float64Array, seed: number, more: Partial<Circumstances> = {}) {
  return judgeSample({ returns, held, timeframeMs: HOUR, trades: 100, feesPaid: 1 }, { seed, ...more }).verdict;
}

/** t of what is beyond the market's share: by this a liar chooses what he shows. */
function tOf(returns: Float64Array, held: Float64Array): number {
  const beyond = beyondMarket(returns, held);
  const spread = variance(beyond);
  return spread > 0 ? mean(beyond) / Math.sqrt(spread / beyond.length) : Number.NEGATIVE_INFINITY;
}

const best = <T>(list: readonly T[], score: (one: T) => number): T => {
  const scores = list.map(score);
  return list[scores.indexOf(Math.max(...scores))];
};

const company = (others: readonly Float64Array[], held: Float64Array): Looks => ({
  ...NO_LOOKS,
  others: others.map((one) => beyondMarket(one, held)),
  sharpes: others.map(() => null),
});

/** False edges, in all and by the kind of market. */
function falseEdge(seed: number, verdict: string): Counts {
  const { kind, account } = worldOf(seed);
  const edge = verdict === 'edge' ? 1 : 0;
  return { edge, [`edge: ${kind}, ${account}`]: edge };
}

/** A liar's choice among `count` strategies that know nothing. */
function crowd(seed: number, count: number, bars = TWO_MONTHS) {
  const { kind, account } = worldOf(seed);
  const held = makeMarket(seed, bars, kind);
  const all = Array.from({ length: count }, (_, i) => makeStrategy(1000 * seed + i, held, account));
  const shown = best(all, (one) => tOf(one, held));
  return { held, shown, rest: all.filter((one) => one !== shown) };
}

/** Looks of one strategy at windows of one market, as the registry would keep them. */
function windowsOf(seed: number, count: number) {
  const { kind, account } = worldOf(seed);
  const market = makeMarket(seed, 2 * HALF_YEAR, kind);
  const strategy = makeStrategy(1000 * seed, market, account);
  const rng = new Rng(seed, 5);
  return Array.from({ length: count }, (_, i) => {
    const from = rng.integer(market.length - QUARTER);
    const cut = (values: Float64Array) => values.slice(from, from + QUARTER);
    return { name: `window ${i}`, from, returns: cut(strategy), held: cut(market) };
  });
}

function bestWindow(seed: number): Counts {
  const windows = windowsOf(seed, 50);
  const shown = best(windows, ({ returns, held }) => tOf(returns, held));
  const trials = windows.map(
    ({ name, from, returns, held }): Trial => ({
      ...{ run: 'run', configHash: 'configuration', seed: 1, weights: 'weights', recipe: 'recipe', foldKey: name },
      ...{ sharpePerBar: null, market: 'made:UP', timeframeMs: HOUR },
      seen: { spans: [[(from + 1) * HOUR, QUARTER]], returns: Array.from(returns), held: Array.from(held) },
    }),
  );
  const bars: JudgedBars = {
    ...{ market: 'made:UP', timeframeMs: HOUR, held: shown.held },
    timeMs: Float64Array.from({ length: QUARTER + 1 }, (_, i) => (shown.from + i) * HOUR),
  };
  const own = { configHash: 'configuration', weights: 'weights', recipe: 'recipe', foldKey: shown.name };
  return falseEdge(seed, verdictOn(shown.returns, shown.held, seed, { looks: sortLooks(bars, trials, own) }));
}

/** Folds whose trainings differ: each has an effect of its own, shared by its seeds. */
function foldedWalk(seed: number, folds: number, alpha: number) {
  const kind = MARKETS[seed % MARKETS.length];
  const held = makeMarket(seed, folds * QUARTER, kind);
  const rng = new Rng(seed, 6);
  const noise = makeSkill(seed, held.length, 0, 0.4);
  const effects = Array.from({ length: folds }, () => (0.3 / YEAR) * rng.normal());
  const returns = held.map((h, i) => alpha / YEAR + effects[Math.floor(i / QUARTER)] + 0.5 * h + noise[i]);
  return { held, returns, lengths: Array<number>(folds).fill(QUARTER) };
}

const covers = ({ lower, upper }: { lower: number; upper: number }, truth: number): 0 | 1 =>
  lower <= truth && truth <= upper ? 1 : 0;

const power = (sharpe: number, years: number, losers = 0): Scenario => ({
  name: `Sharpe ${sharpe} over ${years} years${losers > 0 ? `, beside ${losers} losing trials` : ', one trial'}`,
  rounds: losers > 0 ? 120 : 200,
  // Of 2.5 years a Sharpe ratio of 2 is no more than can be found alone: what company takes is seen, and not asked for.
  bound: losers === 0 ? { atLeast: 0.8 } : sharpe > 2 ? { atLeast: 0.9 } : {},
  round(seed) {
    const bars = Math.round(years * YEAR);
    const kind = MARKETS[seed % MARKETS.length];
    const held = makeMarket(seed, bars, kind);
    const returns = makeSkill(seed, bars, sharpe);
    const bad = Array.from({ length: losers }, (_, i) => makeSkill(1000 * seed + i + 1, bars, -1 - i));
    const looks = company(bad, held);
    const { verdict, superior } = judgeSample(
      { returns, held, timeframeMs: HOUR, trades: 100, feesPaid: 1 },
      { seed, looks },
    );
    const found = verdict === 'edge' ? 1 : 0;
    if (losers > 0) return { 'SPA p <= 0.05': (superior?.p ?? 1) <= 0.05 ? 1 : 0, edge: found };
    // Above 5 it is suspected and not missed; it counts as missed here.
    return { edge: found, suspected: verdict === 'suspicious: look for a leak' ? 1 : 0 };
  },
});

const FAIR = { rounds: 504, bound: { atMost: 0.05 } } as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    ...FAIR,
    name: 'fair: best of 1',
    round(seed) {
      const { shown, held } = crowd(seed, 1, HALF_YEAR);
      return falseEdge(seed, verdictOn(shown, held, seed));
    },
  },
  { ...FAIR, name: 'fair: best of 50 windows', round: bestWindow },
  {
    ...FAIR,
    name: 'fair: best of 200 seeds',
    round(seed) {
      const { shown, rest, held } = crowd(seed, 200);
      return falseEdge(seed, verdictOn(shown, held, seed, { looks: { ...NO_LOOKS, seeds: rest } }));
    },
  },
  {
    ...FAIR,
    name: 'fair: best of 200 seeds, shown under another shield',
    round(seed) {
      const { shown, rest, held } = crowd(seed, 200);
      const looks = company([...rest, shown], held);
      return falseEdge(
        seed,
        verdictOn(
          shown.map((r) => 0.9 * r),
          held,
          seed,
          { looks },
        ),
      );
    },
  },
  {
    ...FAIR,
    name: 'fair: best of 200 random strategies',
    round(seed) {
      const { shown, rest, held } = crowd(seed + 500_000, 200);
      return falseEdge(seed, verdictOn(shown, held, seed, { looks: company(rest, held) }));
    },
  },
  {
    ...FAIR,
    name: 'fair: one strategy under 50 names',
    round(seed) {
      const { shown, held } = crowd(seed, 1, HALF_YEAR);
      const looks = company(Array<Float64Array>(49).fill(shown), held);
      const alone = verdictOn(shown, held, seed);
      const named = verdictOn(shown, held, seed, { looks });
      return { ...falseEdge(seed, named), 'another verdict than under one name': alone === named ? 0 : 1 };
    },
  },
  {
    ...FAIR,
    name: 'fair: walk-forward over 4 folds',
    round(seed) {
      const { held, returns, lengths } = foldedWalk(seed, 4, 0);
      return falseEdge(seed, verdictOn(returns, held, seed, { folds: lengths }));
    },
  },
  {
    name: 'another verdict at 0.25, 0.5 or 2 times the size',
    rounds: 120,
    bound: { atMost: 0 },
    round(seed) {
      const { kind, account } = worldOf(seed);
      const held = makeMarket(seed, HALF_YEAR, kind);
      const skill = makeSkill(seed, HALF_YEAR, (seed % 5) + 0.5, 0.15);
      const luck = makeStrategy(seed, held, account);
      const returns = seed % 3 === 0 ? luck : skill.map((s, i) => s + 0.3 * luck[i]);
      const verdicts = [0.25, 0.5, 1, 2].map((size) =>
        verdictOn(
          returns.map((r) => size * r),
          held,
          seed,
        ),
      );
      return { differs: new Set(verdicts).size === 1 ? 0 : 1 };
    },
  },
  power(2, 2.5),
  power(3, 1),
  power(2, 2.5, 6),
  power(3, 2.5, 6),
  ...MARKETS.map(
    (kind, k): Scenario => ({
      name: `interval of alpha, ${kind}`,
      rounds: 250,
      bound: { atLeast: 0.92, atMost: 0.98 },
      round(seed) {
        const held = makeMarket(seed * MARKETS.length + k, HALF_YEAR, kind);
        const idle = makeStrategy(seed, held, 'margin');
        const skill = makeSkill(seed, HALF_YEAR, 1);
        const returns = held.map((h, i) => 0.3 * h + 0.5 * idle[i] + skill[i]);
        const meanBlock = Math.cbrt(HALF_YEAR);
        const options = { meanBlock, resamples: 1000, confidence: 0.95, rng: new Rng(seed, 7) };
        return { covered: covers(estimateAlpha(returns, held, options).alpha, 0.2 / YEAR) };
      },
    }),
  ),
  ...[3, 4, 8].map(
    (folds): Scenario => ({
      name: `interval of a walk-forward over ${folds} folds`,
      rounds: 250,
      bound: { atLeast: 0.92, atMost: 0.98 },
      round(seed) {
        const { held, returns, lengths } = foldedWalk(seed, folds, 0.2);
        const { alpha } = alphaOverFolds(returns, held, lengths, 0.95);
        const beta = betaOf(returns, held);
        const bars = returns.map((r, i) => r - beta * held[i]);
        const half = 1.96 * Math.sqrt(variance(bars) / bars.length);
        const asBars = { lower: mean(bars) - half, upper: mean(bars) + half };
        return { covered: covers(alpha, 0.2 / YEAR), 'covered, had bars been independent': covers(asBars, 0.2 / YEAR) };
      },
    }),
  ),
];
