import { type CommandEntry, ENDS_ORDERS } from '../broker/command.ts';
import type { Reconciler } from '../broker/reconcile.ts';
import { InputError } from '../core/errors.ts';
import type { Portfolio } from '../decision/portfolio.ts';
import type { BotEntry, CheckpointEntry, DecisionEntry, StartEntry } from './entries.ts';
import type { Follower } from './follower.ts';
import { describeDamage } from './read-entries.ts';
import type { Trader } from './trader.ts';

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

  /** What a running bot writes down by itself: everything but what a start has to do with is known already. */
  note(entry: BotEntry): void {
    if (entry.type === 'decision') this.last.set(entry.symbol, { entry, ordered: false });
    if (entry.type !== 'intent' && entry.type !== 'exit' && entry.type !== 'denied') return;
    const last = this.last.get(entry.symbol);
    if (last !== undefined) last.ordered = true;
  }

  /** Takes an entry in: one of an earlier start, or a command that has just been written down. */
  follow(entry: BotEntry): void {
    switch (entry.type) {
      case 'decision': {
        const trader = this.#trader(entry.symbol);
        trader.replay(entry);
        this.portfolio.mark(entry.symbol, trader.broker.account.equity);
        this.portfolio.peak = entry.portfolio.peak;
        this.note(entry);
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
      case 'checkpoint':
        this.#restore(entry);
        break;
      case 'warm-up':
      case 'intent':
      case 'order':
      case 'fill':
      case 'fee':
      case 'order-end':
      case 'exit':
      case 'denied':
        this.#trader(entry.symbol).replay(entry);
        this.note(entry);
    }
  }

  #restore(entry: CheckpointEntry): void {
    this.halted = entry.halted;
    this.portfolio.restore(entry.portfolio);
    for (const [currency, foreign] of Object.entries(entry.foreign)) this.reconciler?.apply({ currency, foreign });
    for (const key of entry.commands) this.commands.add(key);
    for (const [symbol, state] of Object.entries(entry.symbols)) this.#trader(symbol).restoreState(state);
    for (const [symbol, { entry: decision, ordered }] of Object.entries(entry.last))
      this.last.set(symbol, { entry: decision, ordered });
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

/** So many of the newest commands are remembered, because a request can outlive a crash. */
const REMEMBERED = 100;

/** What a bot knows, as the head of a new part of its journal. */
export function describeState(
  { halted, portfolio, reconciler, traders, last, commands }: BotState<Trader>,
  start: StartEntry,
  continues: string,
  timeMs: number,
): CheckpointEntry {
  const { peak, maxDrawdown, equities } = portfolio;
  return {
    ...{ type: 'checkpoint', timeMs, continues, start, halted },
    portfolio: { peak, maxDrawdown, equities: Object.fromEntries(equities) },
    foreign: Object.fromEntries(reconciler?.foreign ?? []),
    commands: [...commands].slice(-REMEMBERED),
    symbols: Object.fromEntries(traders.map((trader) => [trader.symbol, trader.saveState()])),
    last: Object.fromEntries(last),
  };
}
