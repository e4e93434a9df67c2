/**
 * The account: cash, one position, and what holding and trading it cost. Training, backtest, paper and live all trade
 * through this one class, so a fee or a fill can't mean two things. An action is an order: BUY adds a unit to a long
 * position or closes a short one, SELL closes a long position whole or (margin) adds a unit to a short one.
 *
 * A decision is made at the close of a bar (`orderFor`), filled at the open of the next (`stepBar`), and equity is
 * marked at closes. After every event cash + position x mark = equity, and startingEquity + deposits + markPnl
 * - feesPaid - slippagePaid - borrowPaid = equity. Scalars in, and no object is allocated per bar.
 */
import { type AccountConfig, checkAccountConfig, DEFAULT_ACCOUNT } from './account-config.ts';
import { type Action, BUY, HOLD, SELL } from './action.ts';
import { InputError } from './errors.ts';
import type { Json } from './json.ts';
import { log } from './math.ts';
import type { Shield } from './shield.ts';

export { type AccountConfig, DEFAULT_ACCOUNT } from './account-config.ts';

/** Why a position changed. 'ruin' closes a spot account that fell below its floor, 'end' an evaluation. */
export type FillReason = 'order' | 'stop' | 'target' | 'liquidation' | 'ruin' | 'end';

/** Told after every fill: signed base quantity, executed price, fee in quote currency. */
export type FillListener = (reason: FillReason, quantity: number, executed: number, fee: number) => void;

/** Margin is liquidated below this share of the notional, spot ends below this share of the starting equity. */
const FLOOR_SHARE = 0.05;
/** Equity counts as at least this share of the starting equity in logarithms: a gap can leave margin below zero. */
const LOG_FLOOR_SHARE = 1e-3;
/** A buy trimmed below this share of what was asked for is rounding residue, not an order. */
const DUST_SHARE = 1e-6;
/** 1 - 2^-50. */
const HAIR_LESS = 0.9999999999999991;
const YEAR_MS = 365.25 * 86_400_000;

/** What `save` writes and `restore` reads: the whole state beside the configuration. */
const STATE = [
  'cash',
  'position',
  'units',
  'mark',
  'entryPrice',
  'bestPrice',
  'tradeStartEquity',
  'barsInTrade',
  'peakEquity',
  'feesPaid',
  'slippagePaid',
  'borrowPaid',
  'markPnl',
  'deposits',
  'turnover',
  'fills',
  'noOps',
  'closedTrades',
  'lastTradeLogReturn',
] as const;

/** The greatest multiple of `step` that isn't above `quantity`; `quantity` itself for a step of 0. */
export function floorToStep(quantity: number, step: number): number {
  return step > 0 ? Math.floor(quantity / step) * step : quantity;
}

/**
 * The one place where money changes: `orderFor` sizes a request, `applyFill` books a fill with its fee and slippage, `mark`
 * and `stepBar` move it through bars. After every event the ledger identity holds; `examples/custom-policy.ts` trades one.
 * @example
 * const account = new Account(DEFAULT_ACCOUNT);
 * account.reset(100);
 * const quantity = account.orderFor(BUY, 100);
 * account.stepBar(quantity, 3_600_000, 100, 111, 99, 110);
 * account.units; // => 1
 * account.equity > DEFAULT_ACCOUNT.startingEquity; // => true
 */
export class Account {
  readonly config: AccountConfig;
  onFill: FillListener | null = null;

  /** Quote currency. */
  cash = 0;
  /** Base currency, signed. What a fee taken in base currency left behind can outlive a trade. */
  position = 0;
  /** Units held, signed; 0 is flat. */
  units = 0;
  /** The price at which `equity` is marked: the last close, or the last fill's market price. */
  mark = 0;
  /** Average executed price of the open position; NaN when flat. */
  entryPrice = Number.NaN;
  /** Best price since the entry, up to the last closed bar: highest when long, lowest when short; NaN when flat. */
  bestPrice = Number.NaN;
  /** Equity just before the fill that opened the trade; NaN when flat. */
  tradeStartEquity = Number.NaN;
  /** Closes that the open trade has seen. */
  barsInTrade = 0;
  /** Highest equity at a close. Deposits move it along. */
  peakEquity = 0;

  feesPaid = 0;
  /** Cost of executed against market prices; a venue's better price is negative. */
  slippagePaid = 0;
  borrowPaid = 0;
  /** What the moves of the market brought. */
  markPnl = 0;
  deposits = 0;
  /** Executed quote amounts, both sides. */
  turnover = 0;
  fills = 0;
  /** Requests that the account's bounds turned into nothing. */
  noOps = 0;
  /** A trade is the time from flat to flat. */
  closedTrades = 0;
  /** ln(equity at exit / equity at entry) of the last closed trade; NaN before the first. */
  lastTradeLogReturn = Number.NaN;
  /** True where a trade closed in the last bar: at most one can. */
  tradeClosed = false;
  /** True once the account was liquidated or ruined: the episode is over. */
  ended = false;

  /** Throws InputError for a configuration that can't be traded. */
  constructor(config: AccountConfig = DEFAULT_ACCOUNT) {
    checkAccountConfig(config);
    this.config = config;
    this.reset(0);
  }

  /** Relative cost of the last simulated fill against its market price; NaN before the first. */
  get simulatedSlippage(): number {
    return this.fills === 0 ? Number.NaN : this.config.slippageRate;
  }

  /** Starts anew, flat, at the close `mark`. */
  reset(mark: number): void {
    this.cash = this.config.startingEquity;
    this.position = 0;
    this.units = 0;
    this.mark = mark;
    this.#goFlat();
    this.peakEquity = this.config.startingEquity;
    this.feesPaid = 0;
    this.slippagePaid = 0;
    this.borrowPaid = 0;
    this.markPnl = 0;
    this.deposits = 0;
    this.turnover = 0;
    this.fills = 0;
    this.noOps = 0;
    this.closedTrades = 0;
    this.lastTradeLogReturn = Number.NaN;
    this.tradeClosed = false;
    this.ended = false;
  }

  /**
   * Starts anew at the close `mark`, holding `units` (signed) as if bought there for nothing: each is worth `unitQuote`,
   * or an equal share of the equity. What a spot account can't pay for, it doesn't hold.
   */
  resetHolding(units: number, mark: number): void {
    const { mode, startingEquity, unitQuote, maxUnits } = this.config;
    this.reset(mark);
    if (units === 0) return;
    const wanted = units * (unitQuote ?? startingEquity / maxUnits);
    const value = mode === 'spot' ? Math.min(wanted, startingEquity) : wanted;
    this.cash -= value;
    this.position = value / mark;
    this.units = units;
    this.entryPrice = mark;
    this.bestPrice = mark;
    this.tradeStartEquity = startingEquity;
  }

  /** Quote currency, at the last mark. */
  get equity(): number {
    return this.cash + this.position * this.mark;
  }

  equityAt(price: number): number {
    return this.cash + this.position * price;
  }

  /** ln(equity), from a floor of a thousandth of the starting equity on. */
  get logEquity(): number {
    return log(Math.max(this.equity, LOG_FLOOR_SHARE * this.config.startingEquity));
  }

  /** Base quantity of a unit at this close: floorToStep((equity / maxUnits) / (close (1 + slippage) (1 + fee))). */
  unitQuantity(close: number): number {
    const { unitQuote, maxUnits, quantityStep } = this.config;
    const quote = unitQuote ?? this.equityAt(close) / maxUnits;
    return floorToStep(Math.max(0, quote) / this.#buyingCost(close), quantityStep);
  }

  /** The signed base quantity that an action orders at this close; 0 for HOLD and for what the bounds forbid. */
  orderFor(action: Action, close: number): number {
    if (action === HOLD) return 0;
    const { mode, maxUnits } = this.config;
    if (action === SELL) {
      if (this.units > 0) return this.closingOrder;
      return mode === 'spot' || this.units <= -maxUnits ? 0 : 0 - this.unitQuantity(close);
    }
    if (this.units < 0) return this.closingOrder;
    if (this.units >= maxUnits) return 0;
    const quantity = this.unitQuantity(close);
    return this.#affordable(quantity, close) > 0 ? quantity : 0;
  }

  /** The signed base quantity that closes the position whole; 0 when flat, whatever dust is left. Never -0. */
  get closingOrder(): number {
    return this.units === 0 ? 0 : 0 - this.position;
  }

  /** `orderFor` at the last mark, with a request that comes to nothing counted. */
  request(action: Action): number {
    const order = this.orderFor(action, this.mark);
    if (order === 0 && action !== HOLD) this.noOps++;
    return order;
  }

  /** Writes (3) to `mask`: 1 where the action orders something at the last mark, and for HOLD. */
  allowedActions(mask: Uint8Array, offset = 0): void {
    mask[offset + SELL] = this.orderFor(SELL, this.mark) === 0 ? 0 : 1;
    mask[offset + BUY] = this.orderFor(BUY, this.mark) === 0 ? 0 : 1;
    mask[offset + HOLD] = 1;
  }

  /**
   * One bar of life, from the last close to this one: borrowing, the pending order at the open, the protective levels
   * within the bar, liquidation at the bar's worst price, the mark at the close.
   * @param order signed base quantity from the last close's decision; 0 for none
   * @param elapsedMs from the last bar's open to this one's
   * @param levels asked for the stop and target after the order's fill; null for none
   */
  stepBar(
    order: number,
    elapsedMs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    levels: Shield['levels'] | null = null,
  ): void {
    this.openBar(order, elapsedMs, open);
    this.closeBar(open, high, low, close, levels);
  }

  /** The first half of `stepBar`: what is known at the open. */
  openBar(order: number, elapsedMs: number, open: number): void {
    this.tradeClosed = false;
    if (this.units < 0) this.#payBorrow(elapsedMs);
    if (order !== 0) this.fillAtMarket(order, open, 'order');
  }

  /** The second half of `stepBar`: what is known at the close. */
  closeBar(open: number, high: number, low: number, close: number, levels: Shield['levels'] | null = null): void {
    const { mode, startingEquity } = this.config;
    if (levels !== null && this.units !== 0) this.#fillProtected(levels, open, high, low);
    const worst = this.units > 0 ? low : high;
    if (mode === 'margin' && this.equityAt(worst) < FLOOR_SHARE * Math.abs(this.position) * worst) {
      this.closeOut(worst, 'liquidation');
      this.ended = true;
    }
    this.#markBar(high, low, close);
    if (mode === 'spot' && this.equity < FLOOR_SHARE * startingEquity) {
      this.closeOut(close, 'ruin');
      this.ended = true;
    }
  }

  /** One bar of an account whose fills come by themselves, as on a real venue: all that is left is the close. */
  observeBar(high: number, low: number, close: number): void {
    this.tradeClosed = false;
    this.#markBar(high, low, close);
  }

  /**
   * A simulated fill at a market price: slippage and fee against the account. A buy that adds to a long position is
   * trimmed to the cash there is; where none is left it counts as a no-op.
   */
  fillAtMarket(order: number, price: number, reason: FillReason): void {
    const { slippageRate, feeRate } = this.config;
    const adds = order > 0 && this.units >= 0;
    const quantity = adds ? this.#affordable(order, price) : order;
    if (quantity === 0) {
      this.noOps++;
      return;
    }
    const executed = price * (quantity > 0 ? 1 + slippageRate : 1 - slippageRate);
    this.applyFill(quantity, price, executed, Math.abs(quantity) * executed * feeRate, 0, false, reason);
  }

  /** Closes what is open at a market price, with costs; nothing happens when flat. */
  closeOut(price: number, reason: FillReason = 'end'): void {
    if (this.units !== 0) this.fillAtMarket(this.closingOrder, price, reason);
  }

  /**
   * The only place where a trade changes cash and position, simulated or real.
   * @param quantity signed base quantity, never 0; never more than the position when it reduces
   * @param reference market price against which slippage is told: the bar's open, or the price at the decision
   * @param executed price paid or received
   * @param feeQuote fee in quote currency, and `feeBase` what was taken from the quantity in base currency
   * @param continues true for the second and later fills of one order, which add no unit
   */
  applyFill(
    quantity: number,
    reference: number,
    executed: number,
    feeQuote: number,
    feeBase = 0,
    continues = false,
    reason: FillReason = 'order',
  ): void {
    this.markTo(reference);
    const opens = this.units === 0;
    const adds = opens || quantity > 0 === this.units > 0;
    if (opens) {
      this.tradeStartEquity = this.equity;
      this.entryPrice = executed;
      this.bestPrice = executed;
    } else if (adds) {
      const held = Math.abs(this.position);
      const added = Math.abs(quantity);
      this.entryPrice = (this.entryPrice * held + executed * added) / (held + added);
    }
    if (opens || (adds && !continues)) this.units += quantity > 0 ? 1 : -1;

    this.cash -= quantity * executed + feeQuote;
    this.position += quantity - feeBase;
    this.feesPaid += feeQuote + feeBase * reference;
    this.slippagePaid += quantity * (executed - reference);
    this.turnover += Math.abs(quantity) * executed;
    this.fills++;
    if (!adds && this.#isFlatAfter(quantity)) this.leaveDust();
    if (this.onFill !== null) this.onFill(reason, quantity, executed, feeQuote + feeBase * reference);
  }

  /** A fee that was taken elsewhere, in a coin that the account doesn't hold: what it is worth, in quote currency. */
  payFee(feeQuote: number): void {
    this.cash -= feeQuote;
    this.feesPaid += feeQuote;
  }

  /** Ends the open trade with what is left of the position kept as dust, because no venue would take it. */
  leaveDust(): void {
    this.lastTradeLogReturn = this.logEquity - log(this.tradeStartEquity);
    this.closedTrades++;
    this.tradeClosed = true;
    this.units = 0;
    this.#goFlat();
  }

  /**
   * Takes over coins that were bought elsewhere, at a price: put in, they are neither profit nor drawdown. They count as
   * the units that they are worth.
   * @param quantity base quantity, above 0, of a spot account
   */
  adopt(quantity: number, price: number): void {
    this.markTo(price);
    this.deposit(quantity * price);
    const room = this.config.maxUnits - this.units;
    const parts = Math.max(1, Math.min(room, Math.round(quantity / this.unitQuantity(price)) || 1));
    const part = quantity / parts;
    for (let i = 1; i < parts; i++) this.applyFill(part, price, price, 0);
    this.applyFill(quantity - part * (parts - 1), price, price, 0, 0, room <= 0);
  }

  /** Gives the whole position away, at a price: taken out, it is neither loss nor drawdown. Nothing happens when flat. */
  abandon(price: number): void {
    if (this.units === 0) return;
    const value = this.position * price;
    this.applyFill(this.closingOrder, price, price, 0);
    this.deposit(-value);
  }

  /** Values the position at another price. */
  markTo(price: number): void {
    this.markPnl += this.position * (price - this.mark);
    this.mark = price;
  }

  /** Quote currency put in (or, negative, taken out). It is neither profit nor drawdown. */
  deposit(amount: number): void {
    this.cash += amount;
    this.deposits += amount;
    this.peakEquity += amount;
    this.tradeStartEquity += amount;
  }

  save(): Json {
    const state: { [key: string]: Json } = { ended: this.ended, tradeClosed: this.tradeClosed };
    for (const name of STATE) state[name] = Number.isNaN(this[name]) ? null : this[name];
    return state;
  }

  /** @throws InputError where `save` can't have written it */
  restore(state: Json): void {
    const saved = (state ?? {}) as { [key: string]: Json | undefined };
    for (const name of STATE) {
      const value = saved[name] === null ? Number.NaN : saved[name];
      if (typeof value !== 'number') throw damagedState(name);
      this[name] = value;
    }
    for (const name of ['ended', 'tradeClosed'] as const) {
      const value = saved[name];
      if (typeof value !== 'boolean') throw damagedState(name);
      this[name] = value;
    }
  }

  /** What buying one base unit takes: price (1 + slippage) (1 + fee). */
  #buyingCost(price: number): number {
    return price * (1 + this.config.slippageRate) * (1 + this.config.feeRate);
  }

  /** The part of a buy that the cash pays for, to the last digit that `applyFill` will take. */
  #affordable(quantity: number, price: number): number {
    if (this.#spending(quantity, price) <= this.cash) return quantity;
    const payable = Math.max(0, this.cash) / this.#buyingCost(price);
    let trimmed = floorToStep(payable, this.config.quantityStep);
    // A hair less where rounding would overdraw.
    if (this.#spending(trimmed, price) > this.cash)
      trimmed = floorToStep(payable * HAIR_LESS, this.config.quantityStep);
    return trimmed > DUST_SHARE * quantity ? trimmed : 0;
  }

  /** Cash that a simulated buy takes, rounded as its fill will be. */
  #spending(quantity: number, price: number): number {
    const notional = quantity * (price * (1 + this.config.slippageRate));
    return notional + notional * this.config.feeRate;
  }

  #markBar(high: number, low: number, close: number): void {
    this.markTo(close);
    if (this.units !== 0) {
      this.barsInTrade++;
      this.bestPrice = this.units > 0 ? Math.max(this.bestPrice, high) : Math.min(this.bestPrice, low);
    }
    this.peakEquity = Math.max(this.peakEquity, this.equity);
  }

  #payBorrow(elapsedMs: number): void {
    const cost = -this.position * this.mark * this.config.borrowRatePerYear * (elapsedMs / YEAR_MS);
    this.cash -= cost;
    this.borrowPaid += cost;
  }

  /** A stop fills at the worse of stop and open, a target at the better; a bar that touches both hits the stop. */
  #fillProtected(levels: Shield['levels'], open: number, high: number, low: number): void {
    const { position, entryPrice, bestPrice } = this;
    const { stop, target } = levels({ position, entryPrice, bestPrice });
    if (this.units > 0) {
      if (low <= stop) this.fillAtMarket(-position, Math.min(open, stop), 'stop');
      else if (high >= target) this.fillAtMarket(-position, Math.max(open, target), 'target');
    } else if (high >= stop) this.fillAtMarket(-position, Math.max(open, stop), 'stop');
    else if (low <= target) this.fillAtMarket(-position, Math.min(open, target), 'target');
  }

  /** Less than a quantity step, or than rounding, is left: no venue would take it. */
  #isFlatAfter(quantity: number): boolean {
    return Math.abs(this.position) < Math.max(this.config.quantityStep, 1e-9 * Math.abs(quantity));
  }

  #goFlat(): void {
    this.entryPrice = Number.NaN;
    this.bestPrice = Number.NaN;
    this.tradeStartEquity = Number.NaN;
    this.barsInTrade = 0;
  }
}

function damagedState(field: string): InputError {
  return new InputError(`the saved state of an account is damaged at ${field}; restore a backup`);
}

/**
 * Writes the account's four values at `out[offset..]`, in the order of an observation's columns: units / maxUnits, log
 * return of the price since entry (positive is a gain), bars in the trade / window capped at 1, drawdown from the
 * peak. With `unitsOnly`, the first of them alone.
 */
export function writeAccountColumns(
  account: Account,
  mark: number,
  window: number,
  out: Float32Array,
  offset: number,
  unitsOnly = false,
): void {
  const { units, config } = account;
  out[offset] = units / config.maxUnits;
  if (unitsOnly) return;
  const priceReturn = units === 0 ? 0 : log(mark / account.entryPrice);
  out[offset + 1] = units < 0 ? -priceReturn : priceReturn;
  out[offset + 2] = Math.min(1, account.barsInTrade / window);
  out[offset + 3] = 1 - account.equityAt(mark) / account.peakEquity;
}
