import { type CommandEntry, ENDS_ORDERS } from '../broker/command.ts';
import type { Reconciler } from '../broker/reconcile.ts';
import { InputError } from '../core/errors.ts';
import type { Portfolio } from '../decision/portfolio.ts';
import type { BotEntry, DecisionEntry } from './entries.ts';
import type { Follower } from './follower.ts';
import { describeDamage } from './read-entries.ts';

/** One person's command to one symbol, or to all. */
export const commandKey = (id: string, symbol: string | null): string => `${id} ${symbol ?? ''}`;

/** What a bot knows: a fold of its journal, so a crash anywhere is a restart, not a repair. */
export class BotState<One extends Follower> {
  readonly traders: readonly One[];
  readonly portfolio: Portfolio;
  /** null on paper. */
  readonly reconciler: Reconciler | null;
  /** Why everything is halted; null while it isn't. */
  halted: string | null = null;
  /** Last decision of each symbol that a person didn't end the orders of, and whether an entry of its broker followed. */
  readonly last = new Map<string, { readonly entry: DecisionEntry; ordered: boolean }>();
  /** Keys of the commands that were carried out. */
  readonly commands = new Set<string>();

  constructor(traders: readonly One[], portfolio: Portfolio, reconciler: Reconciler | null) {
    this.traders = traders;
    this.portfolio = portfolio;
    this.reconciler = reconciler;
  }

  /** Takes back what earlier starts wrote. @throws InputError where an entry doesn't follow from those before it */
  replay(entries: readonly BotEntry[], name: string): void {
    for (const [index, entry] of entries.entries())
      try {
        this.follow(entry);
      } catch (error) {
        throw describeDamage(error, name, index, entry);
      }
  }

  /** Takes an entry in: one of an earlier start, or a command that has just been written down. */
  follow(entry: BotEntry): void {
    switch (entry.type) {
      case 'decision': {
        const trader = this.#trader(entry.symbol);
        trader.replay(entry);
        this.portfolio.mark(entry.symbol, trader.broker.account.equity);
        this.portfolio.peak = entry.portfolio.peak;
        this.last.set(entry.symbol, { entry, ordered: false });
        break;
      }
      case 'halt':
        this.halted = entry.reason;
        break;
      case 'reset':
        this.halted = null;
        this.portfolio.reset();
        for (const trader of this.traders) trader.replay(entry);
        break;
      case 'holdings':
        this.reconciler?.apply(entry);
        break;
      case 'command':
        this.#obey(entry);
        break;
      case 'warm-up':
      case 'intent':
      case 'order':
      case 'fill':
      case 'fee':
      case 'order-end':
      case 'exit':
      case 'denied': {
        this.#trader(entry.symbol).replay(entry);
        const last = this.last.get(entry.symbol);
        if (last !== undefined && ['intent', 'exit', 'denied'].includes(entry.type)) last.ordered = true;
      }
    }
  }

  #obey(entry: CommandEntry): void {
    if (entry.command === 'tighten') {
      this.commands.add(commandKey(entry.id, null));
      if (entry.maxDrawdown !== null) this.portfolio.tighten(entry.maxDrawdown);
      for (const trader of this.traders) trader.replay(entry);
      return;
    }
    const { symbol } = entry;
    this.commands.add(commandKey(entry.id, symbol));
    const { account } = this.#trader(symbol).broker;
    const before = account.deposits;
    this.#trader(symbol).replay(entry);
    this.portfolio.transfer(symbol, account.deposits - before);
    this.reconciler?.obey(entry);
    if (ENDS_ORDERS.has(entry.command)) this.last.delete(symbol);
  }

  #trader(symbol: string): One {
    const trader = this.traders.find((one) => one.symbol === symbol);
    if (trader === undefined) throw new InputError(`${symbol} is not traded by this bot`);
    return trader;
  }
}
