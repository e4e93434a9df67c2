/**
 * One policy through one fold. A decision made at the close of a bar fills at the open of the next one; every bar of
 * the fold is lived through, also those on which nobody can decide; what is open at the last close is closed there,
 * with costs. The same arguments give the same ledger, bit by bit.
 */
import { Account, type AccountConfig, type FillReason, writeAccountColumns } from '../core/account.ts';
import { HOLD } from '../core/action.ts';
import type { AgentDecision, Observation } from '../core/agent.ts';
import type { CandleSeries } from '../core/candle.ts';
import { countGapBars, describeDecision } from '../core/decision-facts.ts';
import { InputError } from '../core/errors.ts';
import type { DecisionFacts, Shield, ShieldDecision } from '../core/shield.ts';
import { ACCOUNT_COLUMNS, type ScaledTable, writeObservation } from '../features/observation.ts';
import { UNSHIELDED_BITS } from '../shield/mask.ts';
import type { Fill, Ledger, Trade, TradeExit, VerdictCounts } from './ledger.ts';
import { PLAIN, type Policy } from './policy.ts';
import type { RowRange } from './split.ts';

export interface BacktestOptions {
  readonly policy: Policy;
  readonly series: CandleSeries;
  /** Row i belongs to candle i; null for a policy that needs no observation, which is then asked on every bar. */
  readonly table: ScaledTable | null;
  readonly account: AccountConfig;
  /** Reset, latch included, before the first bar. */
  readonly shield: Shield | null;
  readonly rows: RowRange;
  /** Told of every decision; `shield` is null without one. */
  readonly watch?: (row: number, decision: AgentDecision, shield: ShieldDecision | null) => void;
}

const EXIT_OF: Readonly<Record<FillReason, TradeExit>> = {
  order: 'signal',
  stop: 'stop',
  target: 'target',
  liquidation: 'liquidation',
  ruin: 'ruin',
  end: 'end',
};

/** Turns the account's fills into trades from flat to flat. */
class TradeBook {
  readonly fills: Fill[] = [];
  readonly trades: Trade[] = [];
  readonly #account: Account;
  /** Bar that is being lived through, and whether its order is the shield's. */
  row = 0;
  flattening = false;
  #open: { readonly row: number; readonly equity: number } | null = null;
  /** The entry price as it was before the closing fill. */
  #entryPrice = Number.NaN;

  constructor(account: Account) {
    this.#account = account;
    account.onFill = (reason, quantity, price) => this.#record(reason, quantity, price);
  }

  #record(reason: FillReason, quantity: number, price: number): void {
    const { units, entryPrice, tradeStartEquity, equity, lastTradeLogReturn } = this.#account;
    const exit = reason === 'order' && this.flattening ? 'flatten' : EXIT_OF[reason];
    this.fills.push({ row: this.row, quantity, price, reason: exit });
    this.#open ??= { row: this.row, equity: tradeStartEquity };
    if (units !== 0) {
      this.#entryPrice = entryPrice;
      return;
    }
    this.trades.push({
      side: quantity < 0 ? 'long' : 'short',
      entryRow: this.#open.row,
      exitRow: this.row,
      entryPrice: this.#entryPrice,
      exitPrice: price,
      profit: equity - this.#open.equity,
      logReturn: lastTradeLogReturn,
      exit,
    });
    this.#open = null;
  }
}

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

/** @throws InputError where the rows aren't in the series, or the table is that of another */
export function backtest(options: BacktestOptions): Ledger {
  requireRows(options);
  const { policy, series, table, shield, rows } = options;
  const { timeMs, open, high, low, close, timeframeMs } = series;
  const bars = rows.to - rows.from;
  const account = new Account(options.account);
  account.reset(close[rows.from]);
  shield?.reset({ person: true });
  const book = new TradeBook(account);
  const protect = shield === null ? null : (facts: Parameters<Shield['levels']>[0]) => shield.levels(facts);

  const window = table?.window ?? 1;
  const values = new Float32Array(table === null ? 0 : table.window * table.width);
  // The account's columns, and the shield's for an agent that was trained to see what it allows.
  const extras = table === null ? 0 : table.width - table.marketWidth;
  const seesShield = extras > ACCOUNT_COLUMNS.length;
  const columns = new Float32Array(Math.max(extras, ACCOUNT_COLUMNS.length));
  if (seesShield) columns.set(UNSHIELDED_BITS, ACCOUNT_COLUMNS.length);
  const mask = new Uint8Array(3);
  const obs: Observation = { values, mask };

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

  const describe = (row: number): DecisionFacts =>
    describeDecision(account, {
      timeMs: timeMs[row] + timeframeMs,
      timeframeMs,
      open: open[row],
      high: high[row],
      low: low[row],
      close: close[row],
      values,
      window,
      clippedShare: table === null ? 0 : table.clippedShare[row],
      gapBars: countGapBars(timeMs, row, timeframeMs, window),
      dataAgeMs: 0,
      unknownState: false,
      spread: Number.NaN,
      // A simulated fill misses its market price by exactly this.
      lastSlippage: account.fills === 0 ? Number.NaN : account.config.slippageRate,
    });
  /** The layer is asked on every bar, so that its states and halts don't wait for a complete window. */
  const askShield = (row: number, decision: AgentDecision): ShieldDecision => {
    const record = (shield as Shield).decide(decision, describe(row));
    for (const { rule, verdict } of record.verdicts) {
      verdicts[rule] ??= { allow: 0, deny: 0, 'reduce-only': 0, halt: 0 };
      verdicts[rule][verdict.kind]++;
    }
    if (record.state === 'HALTED') haltedRow ??= row;
    return record;
  };

  for (let i = 0; i < bars; i++) {
    const row = rows.from + i;
    book.row = row;
    if (i > 0 && endedRow === null) {
      account.stepBar(order, timeMs[row] - timeMs[row - 1], open[row], high[row], low[row], close[row], protect);
      if (account.ended) endedRow = row;
    }
    equity[i] = account.equity;
    position[i] = account.position;
    order = 0;
    book.flattening = false;
    // Nothing decided at the last close could be filled.
    if (i === bars - 1 || endedRow !== null) continue;

    let decision: AgentDecision = PLAIN[HOLD];
    if (table === null || table.decidable[row] === 1) {
      if (table !== null) {
        writeAccountColumns(account, close[row], window, columns, 0);
        writeObservation(table, row, columns, 0, values, 0);
      }
      account.allowedActions(mask);
      if (table !== null && seesShield && shield?.maskObservation !== undefined) {
        shield.maskObservation(describe(row), mask, columns, ACCOUNT_COLUMNS.length);
        writeObservation(table, row, columns, 0, values, 0);
      }
      decision = policy.decide(row, obs, account);
      decided[i] = 1;
      requested[i] = decision.action;
    } else values.fill(0);

    const record = shield === null ? null : askShield(row, decision);
    const final = record === null ? decision.action : record.final;
    actions[i] = final;
    if (final !== decision.action) overridden++;
    book.flattening = record?.flatten === true;
    order = book.flattening ? account.closingOrder : account.request(final);
    options.watch?.(row, decision, record);
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
