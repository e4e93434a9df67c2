/** What `bench:learn` keeps: one row a training, and medians over seeds. */

/** The end of a candle file, which is looked at once. */
export const REAL_LAST = 'real-last';

/** One training: an agent in a world, from one seed, which makes the market too. */
export interface Cell {
  readonly world: string;
  readonly agent: string;
  readonly seed: number;
  /** Which code ran: `now`, or the name of another checkout. */
  readonly code: string;
  /** Environment steps; null: the agent's own default. */
  readonly steps: number | null;
  /** What differs from the defaults: `ppo.epochs=10`. */
  readonly settings: readonly string[];
}

/** What a policy did on the test fold. */
export interface TestScore {
  readonly logReturn: number;
  readonly maxDrawdown: number;
  readonly trades: number;
  /** Fees and slippage, in shares of the mean equity. */
  readonly costs: number;
  /** Quote traded on both sides, in shares of the mean equity. */
  readonly turnover: number;
}

export interface CurvePoint {
  readonly steps: number;
  readonly seconds: number;
  /** Log return on the validation fold. */
  readonly validation: number;
}

/** What the agent is put beside; a property of the market, the columns and the account. */
export interface Beside {
  /** On the validation fold; null where the law isn't known. */
  readonly validationBound: number | null;
  readonly bound: TestScore | null;
  readonly hold: TestScore;
  readonly logistic: TestScore;
}

export interface Row extends Cell, Beside {
  /** As it acts: nothing while its gate is closed. */
  readonly test: TestScore;
  /** What it would do without a gate. */
  readonly raw: TestScore;
  readonly gate: { readonly t: number; readonly open: boolean; readonly best: string } | null;
  /** The best validation and the step at which it was; null where none counted. */
  readonly best: { readonly steps: number; readonly logReturn: number } | null;
  readonly trainSeconds: number;
  readonly trainedSteps: number;
  readonly stepsPerSecond: number;
  readonly curve: readonly CurvePoint[];
  /** Gradient passes over a sample, an environment step. */
  readonly passesPerStep: number;
  readonly threads: number;
  readonly commit: string;
}

export function keyOf({ world, agent, seed, code, steps, settings }: Cell): string {
  return [world, agent, seed, code, steps, ...settings].join(' ');
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** First point of the curve at `share` of the bound; null where it never comes there. */
export function reachedAt({ curve, validationBound }: Row, share: number): CurvePoint | null {
  if (validationBound === null || validationBound <= 0) return null;
  return curve.find(({ validation }) => validation >= share * validationBound) ?? null;
}

/** Stable-Baselines3 2.9 (PyTorch 2.13), the same network, rules and costs, 200,000 steps: shares of the filter's return. */
export const PEERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'two-regimes': { ppo: median([2.97 / 3.13, 3.4 / 3.32]), dqn: median([2.82 / 3.13, 3.23 / 3.32]) },
};

export interface Summary {
  readonly world: string;
  readonly agent: string;
  readonly code: string;
  readonly settings: readonly string[];
  readonly steps: number | null;
  readonly seeds: number;
  readonly logReturn: number;
  readonly lowest: number;
  readonly highest: number;
  readonly meanLogReturn: number;
  /** Median without a gate, and how many gates are open. */
  readonly raw: number;
  readonly open: number;
  /** Mean test log return minus the better of doing nothing and holding, each by its mean over the markets. */
  readonly minusIdle: number;
  /** Median share of the bound's log return; null where nothing can be earned. */
  readonly share: number | null;
  readonly minusLogistic: number;
  readonly maxDrawdown: number;
  readonly trades: number;
  readonly costs: number;
  /** Share of the markets in which more than 2 % of the equity went into costs. */
  readonly costly: number;
  readonly turnover: number;
  readonly hold: number;
  readonly logistic: number;
  readonly bound: number | null;
  readonly trainSeconds: number;
  readonly stepsPerSecond: number;
  /** Median over those that came there, and how many did. */
  readonly to90: { readonly seconds: number; readonly passes: number; readonly seeds: number } | null;
  /** Seconds to the recorded peer's share, with how many seeds came there. */
  readonly toPeer: { readonly seconds: number; readonly seeds: number } | null;
}

export function summarise(rows: readonly Row[]): Summary {
  const [{ world, agent, code, settings, steps }] = rows;
  const of = (value: (row: Row) => number) => median(rows.map(value));
  const hasBound = rows.every(({ bound }) => bound !== null && bound.logReturn > 0.05);
  const reached = (share: number | undefined) =>
    share === undefined
      ? []
      : rows.flatMap((row) => (reachedAt(row, share) === null ? [] : [{ row, at: reachedAt(row, share)! }]));
  const at90 = reached(0.9);
  const atPeer = reached(PEERS[world]?.ppo);
  return {
    ...{ world, agent, code, settings, steps, seeds: rows.length },
    logReturn: of(({ test }) => test.logReturn),
    lowest: Math.min(...rows.map(({ test }) => test.logReturn)),
    highest: Math.max(...rows.map(({ test }) => test.logReturn)),
    meanLogReturn: mean(rows.map(({ test }) => test.logReturn)),
    raw: of(({ raw }) => raw.logReturn),
    open: rows.filter(({ gate }) => gate?.open !== false).length,
    minusIdle: mean(rows.map(({ test }) => test.logReturn)) - Math.max(0, mean(rows.map(({ hold }) => hold.logReturn))),
    share: hasBound ? of(({ test, bound }) => test.logReturn / bound!.logReturn) : null,
    minusLogistic: of(({ test, logistic }) => test.logReturn - logistic.logReturn),
    maxDrawdown: of(({ test }) => test.maxDrawdown),
    trades: of(({ test }) => test.trades),
    costs: of(({ test }) => test.costs),
    costly: rows.filter(({ test }) => test.costs > 0.02).length / rows.length,
    turnover: of(({ raw }) => raw.turnover),
    hold: of(({ hold }) => hold.logReturn),
    logistic: of(({ logistic }) => logistic.logReturn),
    bound: hasBound ? of(({ bound }) => bound!.logReturn) : null,
    trainSeconds: of(({ trainSeconds }) => trainSeconds),
    stepsPerSecond: of(({ stepsPerSecond }) => stepsPerSecond),
    to90:
      at90.length === 0
        ? null
        : {
            seconds: median(at90.map(({ at }) => at.seconds)),
            passes: median(at90.map(({ row, at }) => at.steps * row.passesPerStep)),
            seeds: at90.length,
          },
    toPeer: atPeer.length === 0 ? null : { seconds: median(atPeer.map(({ at }) => at.seconds)), seeds: atPeer.length },
  };
}

/** Rows that differ in their seed alone, summarised, in the order of their first row. */
export function summariseAll(rows: readonly Row[]): Summary[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf({ ...row, seed: 0 });
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map(summarise);
}

export function formatSummaries(summaries: readonly Summary[]): string {
  const head = [
    'world',
    'agent',
    'code',
    'n',
    'open',
    'raw',
    'log return',
    'low',
    'high',
    'share',
    '-idle',
    '-logistic',
    'hold',
  ];
  const more = [
    'bound',
    'drawdown',
    'trades',
    'costs',
    'over 2 %',
    'turnover',
    's',
    'steps/s',
    's to 90 %',
    'settings',
  ];
  const number = (value: number | null, digits = 2) => (value === null ? '-' : value.toFixed(digits));
  const lines = summaries.map((one) => [
    ...[
      one.world,
      one.agent,
      one.code,
      String(one.seeds),
      String(one.open),
      number(one.raw),
      number(one.logReturn),
      number(one.lowest),
    ],
    ...[number(one.highest), number(one.share), number(one.minusIdle, 3), number(one.minusLogistic), number(one.hold)],
    ...[
      number(one.bound),
      number(one.maxDrawdown),
      number(one.trades, 0),
      number(one.costs, 3),
      number(one.costly),
      number(one.turnover, 1),
    ],
    ...[number(one.trainSeconds, 1), number(one.stepsPerSecond, 0)],
    ...[one.to90 === null ? '-' : `${one.to90.seconds.toFixed(1)} (${one.to90.seeds})`, one.settings.join(' ')],
  ]);
  const table = [[...head, ...more], ...lines];
  const widths = table[0].map((_, c) => Math.max(...table.map((line) => line[c].length)));
  return table
    .map((line) => line.map((text, c) => (c < 3 ? text.padEnd(widths[c]) : text.padStart(widths[c]))).join('  '))
    .join('\n');
}
