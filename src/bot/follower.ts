import type { Broker } from '../broker/broker.ts';
import type { CommandEntry } from '../broker/command.ts';
import type { Limits } from '../decision/limits.ts';
import type { BotEntry, SymbolState } from './entries.ts';

/** One symbol as the fold of a journal sees it: a trader, or a broker alone where nobody is to decide. */
export interface Follower {
  readonly symbol: string;
  readonly broker: Broker;
  readonly limits: Limits;
  /** Made so far, earlier starts included. */
  readonly decisions: number;
  restoreState(state: SymbolState): void;
  /** Takes back one entry of the journal, in order. */
  replay(entry: BotEntry): void;
}

/** A symbol's broker without features and agent, for what a person does while no bot runs. */
export class Keeper implements Follower {
  readonly broker: Broker;
  limits: Limits;
  decisions = 0;

  constructor(broker: Broker, limits: Limits) {
    this.broker = broker;
    this.limits = limits;
  }

  get symbol(): string {
    return this.broker.symbol;
  }

  restoreState({ broker, limits, decisions }: SymbolState): void {
    this.broker.restore(broker);
    this.limits = limits;
    this.decisions = decisions;
  }

  replay(entry: BotEntry): void {
    if (entry.type === 'command') this.limits = limitsAfter(this.limits, entry);
    if (entry.type === 'decision') {
      this.decisions++;
      this.broker.restore(entry.state.broker);
    } else if (
      entry.type === 'intent' ||
      entry.type === 'order' ||
      entry.type === 'fill' ||
      entry.type === 'fee' ||
      entry.type === 'order-end' ||
      entry.type === 'exit' ||
      entry.type === 'denied' ||
      entry.type === 'command'
    )
      this.broker.apply(entry);
  }
}

/** The limits once a person's command is in force: never wider, but for what was paused. */
export function limitsAfter(limits: Limits, entry: CommandEntry): Limits {
  if (entry.command === 'pause' || entry.command === 'resume') return { ...limits, paused: entry.command === 'pause' };
  if (entry.command !== 'tighten') return limits;
  return {
    ...limits,
    maxDataAgeMs: Math.min(limits.maxDataAgeMs, entry.maxDataAgeMs ?? Number.POSITIVE_INFINITY),
    maxPosition: Math.min(limits.maxPosition, entry.maxPosition ?? Number.POSITIVE_INFINITY),
  };
}
