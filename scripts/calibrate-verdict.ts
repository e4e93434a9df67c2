/**
 * How often does the verdict err? Worthless policies on markets without anything to find must (almost) never be called
 * an edge; a planted signal that pays after costs should be. A slow command:
 *
 *   node scripts/calibrate-verdict.ts [paths]     writes bench/results/verdict-calibration.json
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { type AccountConfig, DEFAULT_ACCOUNT } from '../src/core/account.ts';
import { BUY, HOLD, SELL } from '../src/core/action.ts';
import { PLAIN } from '../src/core/agent.ts';
import type { CandleSeries } from '../src/core/candle.ts';
import { betaOf } from '../src/evaluate/alpha.ts';
import { backtest } from '../src/evaluate/backtest.ts';
import { holdingPolicy, wholeAccount } from '../src/evaluate/baselines/buy-and-hold.ts';
import { constantPolicy } from '../src/evaluate/baselines/constant.ts';
import { coinFlipPolicy, randomPolicy } from '../src/evaluate/baselines/random.ts';
import { smaCrossPolicy } from '../src/evaluate/baselines/sma-cross.ts';
import { barReturns, type Ledger } from '../src/evaluate/ledger.ts';
import { NO_LOOKS } from '../src/evaluate/looks.ts';
import type { Policy } from '../src/evaluate/policy.ts';
import { judge, VERDICTS } from '../src/evaluate/verdict.ts';
import { type SyntheticOptions, synthesize } from '../src/market/synthetic.ts';

const PATHS = Number(process.argv[2] ?? 300);
const LENGTHS = [720, 2160, 6575];
const WARMUP = 250;

const COSTS: Record<string, Partial<AccountConfig>> = {
  free: { feeRate: 0, slippageRate: 0, borrowRatePerYear: 0 },
  default: {},
};

/** None of them knows anything. Each with the account it trades. */
const WORTHLESS: Record<string, { mode: 'spot' | 'margin'; make(series: CandleSeries, seed: number): Policy }> = {
  'random, 2 % of bars': { mode: 'spot', make: (_series, seed) => randomPolicy('r', 0.02, seed) },
  'random, 20 % of bars': { mode: 'spot', make: (_series, seed) => randomPolicy('r', 0.2, seed) },
  'random, long and short': { mode: 'margin', make: (_series, seed) => randomPolicy('r', 0.2, seed) },
  'coin flip': { mode: 'spot', make: (_series, seed) => coinFlipPolicy(seed) },
  'SMA cross 50/200': { mode: 'margin', make: (series) => smaCrossPolicy(series) },
  'SMA cross 5/20': { mode: 'spot', make: (series) => smaCrossPolicy(series, 5, 20) },
  'always SELL, margin': { mode: 'margin', make: () => constantPolicy('short', SELL) },
};

interface Cell {
  readonly market: string;
  readonly policy: string;
  readonly costs: string;
  readonly bars: number;
  readonly paths: number;
  readonly verdicts: Record<string, number>;
}

function run(series: CandleSeries, policy: Policy, account: AccountConfig): Ledger {
  return backtest({ policy, series, table: null, account, shield: null, rows: { from: WARMUP, to: series.length } });
}

function hold(series: CandleSeries, account: AccountConfig): Ledger {
  return run(series, holdingPolicy('holding'), wholeAccount(account));
}

/** Buys while the exact conditional expectation is above the threshold, sells while it is below its negative. */
function oraclePolicy(expected: Float64Array, threshold: number): Policy {
  return {
    name: 'oracle',
    decide: (row, obs) => {
      const wish = expected[row] > threshold ? BUY : expected[row] < -threshold ? SELL : HOLD;
      return PLAIN[obs.mask[wish] === 1 ? wish : HOLD];
    },
  };
}

const cells = new Map<string, Cell>();

function count(market: string, policy: string, costs: string, bars: number, verdict: string): void {
  const key = [market, policy, costs, bars].join('|');
  const none = Object.fromEntries(VERDICTS.map((text) => [text, 0]));
  const cell = cells.get(key) ?? { market, policy, costs, bars, paths: 0, verdicts: none };
  cell.verdicts[verdict]++;
  cells.set(key, { ...cell, paths: cell.paths + 1 });
}

function judgeWorthless(market: string, options: Partial<SyntheticOptions>, bars: number, path: number): void {
  const { series } = synthesize({ bars: WARMUP + bars, seed: 10_000 + path, trends: false, ...options });
  for (const [costs, overrides] of Object.entries(COSTS)) {
    for (const [policy, { mode, make }] of Object.entries(WORTHLESS)) {
      const account: AccountConfig = { ...DEFAULT_ACCOUNT, ...overrides, mode };
      const holding = hold(series, account);
      const ledger = run(series, make(series, path), account);
      count(market, policy, costs, bars, judge(ledger, holding, { seed: path }).verdict);
    }
  }
}

/** Other looks at the same bars, as the registry would tell of them. */
function looksOf(ledgers: readonly Ledger[], holding: Ledger) {
  const held = barReturns(holding);
  const others = ledgers.map((ledger) => {
    const returns = barReturns(ledger);
    const beta = betaOf(returns, held);
    return returns.map((value, i) => value - beta * held[i]);
  });
  return { ...NO_LOOKS, others, sharpes: others.map(() => null) };
}

/** Ten random policies on one fold; the luckiest is shown, and the number of trials is told. */
function judgeLuckiest(bars: number, path: number): void {
  const { series } = synthesize({ bars: WARMUP + bars, seed: 20_000 + path, trends: false, martingale: true });
  const account: AccountConfig = { ...DEFAULT_ACCOUNT, ...COSTS.free, mode: 'margin' };
  const holding = hold(series, account);
  const tried = Array.from({ length: 10 }, (_, i) => run(series, randomPolicy('r', 0.1, path * 10 + i), account));
  const sharpes = tried.map((ledger) => judge(ledger, holding, { seed: path }).sharpePerBar);
  const best = tried[sharpes.indexOf(Math.max(...sharpes.map((sharpe) => sharpe ?? 0)))];
  if (best === undefined) return;
  count(
    'martingale',
    'luckiest of 10, trials told',
    'free',
    bars,
    judge(best, holding, {
      seed: path,
      looks: looksOf(
        tried.filter((one) => one !== best),
        holding,
      ),
    }).verdict,
  );
  count('martingale', 'luckiest of 10, trials hidden', 'free', bars, judge(best, holding, { seed: path }).verdict);
}

function judgeSignal(signal: number, bars: number, path: number): void {
  const { series, truth } = synthesize({ bars: WARMUP + bars, seed: 30_000 + path, trends: false, signal });
  const account: AccountConfig = { ...DEFAULT_ACCOUNT, maxUnits: 1 };
  const ledger = run(series, oraclePolicy(truth.expectedLogReturn, 0.0006), account);
  count(
    `signal ${signal}`,
    'trades on the truth',
    'default',
    bars,
    judge(ledger, hold(series, account), { seed: path }).verdict,
  );
}

for (const bars of LENGTHS) {
  for (let path = 0; path < PATHS; path++) {
    judgeWorthless('martingale', { martingale: true }, bars, path);
    judgeLuckiest(bars, path);
    if (path >= PATHS / 3) continue;
    judgeWorthless('plain (regimes with drifts)', {}, bars, path);
    for (const signal of [0.1, 0.2, 0.3, 0.5]) judgeSignal(signal, bars, path);
  }
  console.log(`${bars} bars done`);
}

const results = [...cells.values()].map(({ verdicts, ...cell }) => ({
  ...cell,
  shares: Object.fromEntries(VERDICTS.map((text) => [text, Math.round((1000 * verdicts[text]) / cell.paths) / 1000])),
}));
const worthless = results.filter(({ market, policy }) => market === 'martingale' && !policy.includes('hidden'));
const edges = (cell: (typeof results)[number]) => cell.shares.edge * cell.paths;
const judged = worthless.reduce((sum, cell) => sum + cell.paths, 0);
const summary = {
  falseEdgeShare: worthless.reduce((sum, cell) => sum + edges(cell), 0) / judged,
  worstFalseEdgeShare: Math.max(...worthless.map((cell) => cell.shares.edge)),
};
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
mkdirSync(new URL('../bench/results/', import.meta.url), { recursive: true });
writeFileSync(
  new URL('../bench/results/verdict-calibration.json', import.meta.url),
  `${JSON.stringify({ command: `node scripts/calibrate-verdict.ts ${PATHS}`, commit, cpu: cpus()[0].model, node: process.version, summary, results }, null, 1)}\n`,
);
for (const { market, policy, costs, bars, shares } of results)
  console.log(
    `${market.padEnd(28)} ${policy.padEnd(30)} ${costs.padEnd(8)} ${String(bars).padStart(5)}  ${VERDICTS.map((text) => shares[text].toFixed(3)).join('  ')}`,
  );
console.log(summary);
