/** A checkpoint on several symbols at once: one sum of money, one limit on its drawdown, as the bot has them. */
import { findObstacle } from '../agents/index.ts';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { Rng } from '../core/rng.ts';
import { type Alpha, estimateAlpha } from '../evaluate/alpha.ts';
import type { BacktestOptions } from '../evaluate/backtest.ts';
import { optimalBlockLength } from '../evaluate/bootstrap.ts';
import { barReturns, type Ledger } from '../evaluate/ledger.ts';
import { type Metrics, measure } from '../evaluate/metrics/index.ts';
import { backtestPortfolio, holdPortfolio, type PortfolioLedger } from '../evaluate/portfolio.ts';
import { barsPerYear, sharpeSample } from '../evaluate/sharpe-ratio.ts';
import { hashJson, RunRegistry } from '../runs/registry.ts';
import { rememberDecisions } from './counterfactuals.ts';
import { type EvaluateRunOptions, prepareEvaluation, recordOf, restOrAct } from './evaluate-run.ts';
import type { RunContext } from './run-context.ts';
import { shieldFor } from './shield.ts';
import { foldSpans, nameFold, nameResult } from './trial.ts';

export interface PortfolioEvaluation {
  readonly fold: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly timeframeMs: number;
  readonly maxDrawdown: number;
  readonly halted: PortfolioLedger['halted'];
  readonly whole: Metrics;
  /** The same allocations, held. */
  readonly held: Metrics;
  /** A year, beyond the share of what was held. */
  readonly alpha: Alpha['alpha'];
  readonly symbols: readonly { readonly symbol: string; readonly metrics: Metrics }[];
  /** Why nothing can be concluded from these bars; null where nothing is in the way. */
  readonly obstacle: string | null;
}

const CONFIDENCE = 0.95;
const STREAM = 67;

function alphaOf(whole: Ledger, held: Ledger, seed: number, resamples: number): Alpha['alpha'] {
  const [returns, market] = [barReturns(whole), barReturns(held)];
  const meanBlock = Math.max(Math.cbrt(returns.length), optimalBlockLength(returns));
  const rng = new Rng(seed, STREAM);
  const { alpha } = estimateAlpha(returns, market, { meanBlock, resamples, rng, confidence: CONFIDENCE });
  const year = barsPerYear(whole.timeframeMs);
  const { estimate, lower, upper, confidence } = alpha;
  return { estimate: estimate * year, lower: lower * year, upper: upper * year, confidence };
}

/**
 * The account's starting equity is shared out among the symbols in equal parts. On the test fold it is a trial of each.
 * @param maxDrawdown share of the peak of the sum at which everything halts; 0 for never
 * @throws InputError for a single symbol, or where the data isn't what the checkpoint was made for
 */
export function evaluatePortfolio(
  options: EvaluateRunOptions & { readonly maxDrawdown: number; readonly series: readonly CandleSeries[] },
  runContext: RunContext,
): PortfolioEvaluation {
  const { checkpoint, supervisor, force, fold = 'test', maxDrawdown } = options;
  if (options.series.length < 2) throw new InputError('a portfolio has several symbols; name them with --symbol A,B');
  const { agent, run, weights } = checkpoint;
  const { config, prepared, trialOf } = prepareEvaluation(options);
  const { profile } = config.shield;
  const shielded = supervisor === undefined ? {} : { supervisor: supervisor.agent };
  const allocation = config.account.startingEquity / prepared.markets.length;
  const acting = restOrAct(checkpoint, force);
  const passes = prepared.markets.map(
    ({ series, table, split }): BacktestOptions => ({
      ...{ series, table, rows: split[fold] },
      account: { ...config.account, startingEquity: allocation },
      policy: rememberDecisions(acting, table)(),
      shield: profile === 'none' ? null : shieldFor(config, agent, shielded),
    }),
  );
  const registry = new RunRegistry(runContext.files);
  const record = fold === 'test' ? recordOf(checkpoint, config, prepared, registry, runContext) : run;
  const symbolNames = prepared.markets.map(({ series }) => `${series.venue}:${series.symbol}`);
  const { tried, trial: alone } = trialOf(config);
  const trial = fold === 'test' ? hashJson({ alone, symbols: symbolNames, maxDrawdown }) : null;
  const recipe = fold === 'test' ? (agent.spec.origin?.recipe ?? null) : null;
  const nameOf = (symbol: string) => `portfolio-${nameResult(checkpoint, symbol, fold, profile)}`;
  for (const market of prepared.markets)
    record?.startEvaluation(nameOf(market.series.symbol), nameFold(market, fold), trial, recipe);
  const { whole, symbols, halted } = backtestPortfolio(passes, maxDrawdown);
  const held = holdPortfolio(passes);
  for (const [m, market] of prepared.markets.entries()) {
    const returns = barReturns(symbols[m]);
    record?.finishEvaluation(nameOf(market.series.symbol), {
      ...{ evaluation: null, foldKey: nameFold(market, fold), trial, recipe, weights },
      sharpePerBar: sharpeSample(returns)?.sharpe ?? null,
      returns: Array.from(returns),
      held: Array.from(barReturns(held.symbols[m])),
      spans: foldSpans(market, fold),
      tried: { ...tried, portfolio: { symbols: symbolNames, maxDrawdown } } as unknown as Json,
      figures: measure(symbols[m]) as unknown as Json,
    });
  }
  const fromMs = whole.timeMs[0];
  return {
    ...{ fold, fromMs, toMs: whole.timeMs[whole.bars - 1], timeframeMs: whole.timeframeMs, maxDrawdown, halted },
    ...{ whole: measure(whole), held: measure(held.whole) },
    alpha: alphaOf(whole, held.whole, config.seed, config.evaluation.bootstrapSamples),
    symbols: prepared.markets.map(({ series }, m) => ({ symbol: series.symbol, metrics: measure(symbols[m]) })),
    obstacle: fold === 'test' ? findObstacle([agent, ...Object.values(shielded)], fromMs) : null,
  };
}
