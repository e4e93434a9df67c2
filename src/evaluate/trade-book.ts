import type { Account, FillReason } from '../core/account.ts';
import type { Fill, Trade, TradeExit } from './ledger.ts';

const EXIT_OF: Readonly<Record<FillReason, TradeExit>> = {
  order: 'signal',
  stop: 'stop',
  target: 'target',
  liquidation: 'liquidation',
  ruin: 'ruin',
  end: 'end',
};

/** Turns the account's fills into trades from flat to flat. */
export class TradeBook {
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
