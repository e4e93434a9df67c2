/**
 * One policy through one fold. A decision made at the close of a bar fills at the open of the next one; every bar of
 * the fold is lived through, also those on which nobody can decide; what is open at the last close is closed there,
 * with costs. The same arguments give the same ledger, bit by bit.
 */
import { Account, type AccountConfig, floorToStep } from '../core/account.ts';
import { HOLD } from '../core/action.ts';
import type { AgentDecision } from '../core/agent.ts';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { Shield, ShieldDecision } from '../core/shield.ts';
import { countGapBars } from '../decision/facts.ts';
import { DecisionStep } from '../decision/step.ts';
import { type ScaledTable, writeObservation } from '../features/observation.ts';
import type { Ledger, VerdictCounts } from './ledger.ts';
import type { Policy } from './policy.ts';
import type { RowRange } from './split.ts';
import { TradeBook } from './trade-book.ts';

export interface BacktestOptions {
  readonly policy: Policy;
  readonly series: CandleSeries;
  /** Row i belongs to candle i; null for a policy that needs no observation, which is then asked on every bar. */
  readonly table: ScaledTable | null;
  readonly account: AccountConfig;
  /** Reset, latch included, before the first bar. */
  readonly shield: Shield | null;
  readonly rows: RowRange;
  /** Largest part of a bar's volume that an order's fill may take; the rest of it lapses. Default: all that is asked for. */
  readonly participation?: number;
  /** Told of every decision; `shield` is null without one. */
  readonly watch?: (row: number, decision: AgentDecision, shield: ShieldDecision | null) => void;
}

/** The layout of no observation. */
const NO_TABLE = { window: 1, width: 0, marketWidth: 0, extraScale: 1 };

function requireRows({ series, table, rows }: BacktestOptions): void {
  const { from, to } = rows;
  if (!(from >= 0 && to <= series.length && to - from >= 2))
    throw new InputError(
      `can't evaluate rows ${from} to ${to} of ${series.symbol}, which has ${series.length} bars: give at least 2 bars of it`,
    );
  if (table !== null && table.rows !== series.length)
    throw new InputError(
      `the feature table has ${table.rows} rows, ${series.symbol} has ${series.length} bars: make the table of this series`,
    );
}

/**
 * @throws InputError where the rows aren't in the series, or the table is that of another
 * @example
 * const rows = { from: 100, to: series.length };
 * const buy: Policy = { name: 'buys', decide: () => ({ action: BUY, probabilities: null, qValues: null }) };
 * const once = backtest({ policy: buy, series, table: null, account: DEFAULT_ACCOUNT, shield: null, rows });
 * once.trades.length; // => 1
 */
export function backtest(options: BacktestOptions): Ledger {
  requireRows(options);
  const { policy, series, table, shield, rows, participation = Number.POSITIVE_INFINITY } = options;
  const { timeMs, open, high, low, close, volume, timeframeMs } = series;
  const bars = rows.to - rows.from;
  const account = new Account(options.account);
  account.reset(close[rows.from]);
  const book = new TradeBook(account);
  const step = new DecisionStep({
    account,
    shield,
    layout: table ?? NO_TABLE,
    bar: () => ({
      timeMs: timeMs[book.row] + timeframeMs,
      timeframeMs,
      open: open[book.row],
      high: high[book.row],
      low: low[book.row],
      close: close[book.row],
      clippedShare: table === null ? 0 : table.clippedShare[book.row],
      gapBars: countGapBars(timeMs, book.row, timeframeMs, table?.window ?? 1),
    }),
  });
  step.reset();

  const equity = new Float64Array(bars);
  const position = new Float64Array(bars);
  const actions = new Uint8Array(bars).fill(HOLD);
  const requested = new Uint8Array(bars).fill(HOLD);
  const decided = new Uint8Array(bars);
  const verdicts: Record<string, VerdictCounts> = {};
  let overridden = 0;
  let haltedRow: number | null = null;
  let endedRow: number | null = null;
  let order = 0;

  const countVerdicts = (row: number, { verdicts: said, state }: ShieldDecision): void => {
    for (const { rule, verdict } of said) {
      verdicts[rule] ??= { allow: 0, deny: 0, 'reduce-only': 0, halt: 0 };
      verdicts[rule][verdict.kind]++;
    }
    if (state === 'HALTED') haltedRow ??= row;
  };

  for (let i = 0; i < bars; i++) {
    const row = rows.from + i;
    book.row = row;
    if (i > 0 && endedRow === null) {
      const most = participation * volume[row];
      if (Math.abs(order) > most) order = floorToStep(most, account.config.quantityStep) * Math.sign(order);
      account.stepBar(order, timeMs[row] - timeMs[row - 1], open[row], high[row], low[row], close[row], step.levels);
      if (account.ended) endedRow = row;
    }
    equity[i] = account.equity;
    position[i] = account.position;
    order = 0;
    book.flattening = false;
    // Nothing decided at the last close could be filled.
    if (i === bars - 1 || endedRow !== null) continue;

    const decidable = table === null || table.decidable[row] === 1;
    if (table !== null && decidable) writeObservation(table, row, null, 0, step.values, 0);
    // The shield is asked on every bar, so that its states and halts don't wait for a complete window.
    const decision = step.decide(decidable ? (obs) => policy.decide(row, obs, account) : null);
    order = decision.order;
    if (decidable) decided[i] = 1;
    requested[i] = decision.asked.action;
    actions[i] = step.final;
    if (step.final !== decision.asked.action) overridden++;
    if (step.shielded !== null) countVerdicts(row, step.shielded);
    book.flattening = step.flatten;
    options.watch?.(row, decision.asked, step.shielded);
  }

  account.closeOut(close[rows.to - 1]);
  equity[bars - 1] = account.equity;
  return {
    name: policy.name,
    timeframeMs,
    firstRow: rows.from,
    bars,
    startingEquity: account.config.startingEquity,
    timeMs: timeMs.slice(rows.from, rows.to),
    close: close.slice(rows.from, rows.to),
    volume: volume.slice(rows.from, rows.to),
    equity,
    position,
    actions,
    requested,
    decided,
    trades: book.trades,
    fills: book.fills,
    noOps: account.noOps,
    turnover: account.turnover,
    feesPaid: account.feesPaid,
    slippagePaid: account.slippagePaid,
    borrowPaid: account.borrowPaid,
    endedRow,
    haltedRow,
    verdicts,
    overridden,
  };
}
