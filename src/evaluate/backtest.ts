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
import { countGapBars, type RuntimeFacts, simulateRuntime } from '../decision/facts.ts';
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

/** One pass, bar by bar, for whoever goes through several markets side by side: `live`, then `decide`, until `isOver`. */
export class Backtester {
  readonly account: Account;
  readonly #options: BacktestOptions;
  readonly #book: TradeBook;
  readonly #step: DecisionStep;
  readonly #simulated: RuntimeFacts;
  readonly #equity: Float64Array;
  readonly #position: Float64Array;
  readonly #actions: Uint8Array;
  readonly #requested: Uint8Array;
  readonly #decided: Uint8Array;
  readonly #verdicts: Record<string, VerdictCounts> = {};
  #overridden = 0;
  #haltedRow: number | null = null;
  #endedRow: number | null = null;
  #order = 0;
  /** Bars that have been lived through. */
  #lived = 0;

  /** @throws InputError where the rows aren't in the series, or the table is that of another */
  constructor(options: BacktestOptions) {
    requireRows(options);
    const { series, table, shield, rows } = options;
    const { timeMs, open, high, low, close, timeframeMs } = series;
    const bars = rows.to - rows.from;
    this.#options = options;
    const account = new Account(options.account);
    account.reset(close[rows.from]);
    this.account = account;
    const book = new TradeBook(account);
    this.#book = book;
    this.#simulated = simulateRuntime(account);
    this.#step = new DecisionStep({
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
    this.#step.reset();
    this.#equity = new Float64Array(bars);
    this.#position = new Float64Array(bars);
    this.#actions = new Uint8Array(bars).fill(HOLD);
    this.#requested = new Uint8Array(bars).fill(HOLD);
    this.#decided = new Uint8Array(bars);
  }

  get isOver(): boolean {
    return this.#lived === this.#equity.length;
  }

  /** Open of the bar that `live` goes through next. */
  get nextMs(): number {
    const { series, rows } = this.#options;
    return series.timeMs[rows.from + this.#lived];
  }

  /** The next bar up to its close: what was ordered is filled, and the account marked. */
  live(): void {
    const { series, rows, participation = Number.POSITIVE_INFINITY } = this.#options;
    const { timeMs, open, high, low, close, volume } = series;
    const { account } = this;
    const i = this.#lived++;
    const row = rows.from + i;
    this.#book.row = row;
    if (i > 0 && this.#endedRow === null) {
      const most = participation * volume[row];
      if (Math.abs(this.#order) > most)
        this.#order = floorToStep(most, account.config.quantityStep) * Math.sign(this.#order);
      const elapsedMs = timeMs[row] - timeMs[row - 1];
      account.stepBar(this.#order, elapsedMs, open[row], high[row], low[row], close[row], this.#step.levels);
      if (account.ended) this.#endedRow = row;
    }
    this.#equity[i] = account.equity;
    this.#position[i] = account.position;
    this.#order = 0;
    this.#book.flattening = false;
  }

  /** The decision at the close that was reached. @param halted why everything is halted, over all markets; null where it isn't */
  decide(halted: string | null = null): void {
    const { policy, table, watch } = this.#options;
    const step = this.#step;
    const i = this.#lived - 1;
    const { row } = this.#book;
    // Nothing decided at the last close could be filled.
    if (this.isOver || this.#endedRow !== null) return;
    const { lastSlippage } = this.#simulated;
    step.runtime = halted === null ? this.#simulated : { ...this.#simulated, lastSlippage, halted };
    if (halted !== null) this.#haltedRow ??= row;

    const decidable = table === null || table.decidable[row] === 1;
    if (table !== null && decidable) writeObservation(table, row, null, 0, step.values, 0);
    // The shield is asked on every bar, so that its states and halts don't wait for a complete window.
    const decision = step.decide(decidable ? (obs) => policy.decide(row, obs, this.account) : null);
    this.#order = decision.order;
    if (decidable) this.#decided[i] = 1;
    this.#requested[i] = decision.asked.action;
    this.#actions[i] = step.final;
    if (step.final !== decision.asked.action) this.#overridden++;
    if (step.shielded !== null) this.#count(row, step.shielded);
    this.#book.flattening = step.flatten;
    watch?.(row, decision.asked, step.shielded);
  }

  /** Closes what is open at the last close that was reached. */
  finish(): Ledger {
    const { policy, series, rows } = this.#options;
    const { account } = this;
    const [from, to] = [rows.from, rows.from + this.#lived];
    account.closeOut(series.close[to - 1]);
    this.#equity[this.#lived - 1] = account.equity;
    return {
      name: policy.name,
      timeframeMs: series.timeframeMs,
      firstRow: from,
      bars: this.#lived,
      startingEquity: account.config.startingEquity,
      timeMs: series.timeMs.slice(from, to),
      close: series.close.slice(from, to),
      volume: series.volume.slice(from, to),
      equity: this.#equity,
      position: this.#position,
      actions: this.#actions,
      requested: this.#requested,
      decided: this.#decided,
      trades: this.#book.trades,
      fills: this.#book.fills,
      noOps: account.noOps,
      turnover: account.turnover,
      feesPaid: account.feesPaid,
      slippagePaid: account.slippagePaid,
      borrowPaid: account.borrowPaid,
      endedRow: this.#endedRow,
      haltedRow: this.#haltedRow,
      verdicts: this.#verdicts,
      overridden: this.#overridden,
    };
  }

  #count(row: number, { verdicts: said, state }: ShieldDecision): void {
    for (const { rule, verdict } of said) {
      this.#verdicts[rule] ??= { allow: 0, deny: 0, 'reduce-only': 0, halt: 0 };
      this.#verdicts[rule][verdict.kind]++;
    }
    if (state === 'HALTED') this.#haltedRow ??= row;
  }
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
  const pass = new Backtester(options);
  while (!pass.isOver) {
    pass.live();
    pass.decide();
  }
  return pass.finish();
}
