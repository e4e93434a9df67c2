/**
 * Several symbols at once, as the bot trades them: each with its own allocation and shield, and one limit on the drawdown
 * of their sum, which halts them together (`decision/portfolio.ts`, the bot's own).
 */
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { Portfolio } from '../decision/portfolio.ts';
import { Backtester, type BacktestOptions } from './backtest.ts';
import { holdingPolicy, wholeAccount } from './baselines/buy-and-hold.ts';
import type { Ledger, VerdictCounts } from './ledger.ts';

/** What a portfolio's pass leaves behind. */
export interface PortfolioLedger {
  /** The sum: equity over all symbols, and in `close` what the allocations would be worth had they been held. */
  readonly whole: Ledger;
  /** In the order of the options. */
  readonly symbols: readonly Ledger[];
  /** Open of the bar at whose close the limit was reached, and the drawdown then; null where it wasn't. */
  readonly halted: { readonly timeMs: number; readonly drawdown: number } | null;
}

const nameOf = ({ venue, symbol }: CandleSeries) => `${venue}:${symbol}`;

/** The verdict counts of all symbols, added up. */
function addVerdicts(ledgers: readonly Ledger[]): Record<string, VerdictCounts> {
  const sums: Record<string, VerdictCounts> = {};
  for (const { verdicts } of ledgers)
    for (const [rule, counts] of Object.entries(verdicts)) {
      sums[rule] ??= { allow: 0, deny: 0, 'reduce-only': 0, halt: 0 };
      for (const kind of ['allow', 'deny', 'reduce-only', 'halt'] as const) sums[rule][kind] += counts[kind];
    }
  return sums;
}

/** @param times (bars) opens of the bars that any symbol has, ascending */
function addUp(ledgers: readonly Ledger[], times: Float64Array, haltedRow: number | null): Ledger {
  const bars = times.length;
  const sum = (of: (ledger: Ledger) => number) => ledgers.reduce((total, ledger) => total + of(ledger), 0);
  const startingEquity = sum((ledger) => ledger.startingEquity);
  const equity = new Float64Array(bars);
  const market = new Float64Array(bars);
  const exposed = new Float64Array(bars);
  for (const ledger of ledgers) {
    let at = -1;
    for (let i = 0; i < bars; i++) {
      while (at + 1 < ledger.bars && ledger.timeMs[at + 1] <= times[i]) at++;
      const row = Math.max(at, 0);
      // Before its first bar a symbol is what was set aside for it.
      equity[i] += at < 0 ? ledger.startingEquity : ledger.equity[at];
      market[i] += (ledger.startingEquity * ledger.close[row]) / ledger.close[0];
      exposed[i] += at < 0 ? 0 : Math.abs(ledger.position[at] * ledger.close[at]);
    }
  }
  return {
    ...{ name: 'portfolio', timeframeMs: ledgers[0].timeframeMs, firstRow: 0, bars, startingEquity },
    ...{ timeMs: times, close: market, equity, position: exposed.map((value, i) => value / market[i]) },
    // What belongs to a symbol's bars stands in its own ledger.
    ...{ volume: new Float64Array(bars), actions: new Uint8Array(bars), requested: new Uint8Array(bars) },
    ...{ decided: new Uint8Array(bars), fills: [], endedRow: null, haltedRow },
    trades: ledgers.flatMap(({ trades }) => trades),
    noOps: sum(({ noOps }) => noOps),
    turnover: sum(({ turnover }) => turnover),
    feesPaid: sum(({ feesPaid }) => feesPaid),
    slippagePaid: sum(({ slippagePaid }) => slippagePaid),
    borrowPaid: sum(({ borrowPaid }) => borrowPaid),
    verdicts: addVerdicts(ledgers),
    overridden: sum(({ overridden }) => overridden),
  };
}

/**
 * All markets through the same times. At a close every account is marked first, then all decide: the limit is known to
 * each, as a bot closes all positions at once.
 * @param markets one a symbol, each with its own allocation (`account.startingEquity`), shield and policy
 * @param maxDrawdown share of the peak of the sum at which everything halts; 0 for never
 * @throws InputError where a symbol comes twice, or bars are of unlike length
 */
export function backtestPortfolio(markets: readonly BacktestOptions[], maxDrawdown: number): PortfolioLedger {
  const names = markets.map(({ series }) => nameOf(series));
  if (new Set(names).size < names.length) throw new InputError(`${names.join(', ')}: a symbol stands here twice`);
  if (new Set(markets.map(({ series }) => series.timeframeMs)).size !== 1)
    throw new InputError(`${names.join(', ')}: the bars of a portfolio have one length; give --timeframe`);
  const passes = markets.map((market) => new Backtester(market));
  const portfolio = new Portfolio(
    new Map(names.map((name, m) => [name, markets[m].account.startingEquity])),
    maxDrawdown,
  );
  const times: number[] = [];
  let halted: PortfolioLedger['halted'] = null;
  let haltedRow: number | null = null;
  for (;;) {
    const waiting = passes.filter((pass) => !pass.isOver);
    if (waiting.length === 0) break;
    const timeMs = Math.min(...waiting.map(({ nextMs }) => nextMs));
    const due = waiting.filter(({ nextMs }) => nextMs === timeMs);
    for (const pass of due) pass.live();
    for (const pass of due) {
      const reached = portfolio.mark(names[passes.indexOf(pass)], pass.account.equity);
      if (!reached || halted !== null) continue;
      halted = { timeMs, drawdown: portfolio.drawdown };
      haltedRow = times.length;
    }
    times.push(timeMs);
    for (const pass of due) pass.decide(halted === null ? null : 'portfolio');
  }
  const symbols = passes.map((pass) => pass.finish());
  return { whole: addUp(symbols, Float64Array.from(times), haltedRow), symbols, halted };
}

/** The same allocations, bought at the first close and held, costs of both sides included. */
export function holdPortfolio(markets: readonly BacktestOptions[]): PortfolioLedger {
  const held = markets.map(({ series, rows, account }) => ({
    ...{ series, rows, table: null, shield: null },
    ...{ policy: holdingPolicy('buy-and-hold'), account: wholeAccount(account) },
  }));
  return backtestPortfolio(held, 0);
}
