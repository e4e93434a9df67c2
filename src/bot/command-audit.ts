/** Do a journal's commands follow from what came before: each once, limits only lower, nothing adopted that isn't there? */
import type { CommandEntry } from '../broker/command.ts';
import { addDecimals, compareDecimals, subtractDecimals } from '../exchange/decimal.ts';
import type { BotEntry } from './entries.ts';
import type { OrderProblem } from './order-audit.ts';

export class CommandAudit {
  readonly #ids = new Set<string>();
  readonly #foreign = new Map<string, string>();
  readonly #limits = { maxDrawdown: 1, maxDataAgeMs: Number.POSITIVE_INFINITY, maxPosition: Number.POSITIVE_INFINITY };

  /** @param maxDataAgeMs with which the journal was begun */
  constructor(maxDataAgeMs: number) {
    this.#limits.maxDataAgeMs = maxDataAgeMs;
  }

  take(entry: BotEntry): OrderProblem[] {
    if (entry.type === 'checkpoint')
      for (const [currency, foreign] of Object.entries(entry.foreign)) this.#foreign.set(currency, foreign);
    if (entry.type === 'holdings') this.#foreign.set(entry.currency, entry.foreign);
    if (entry.type !== 'command') return [];
    const problems: OrderProblem[] = [];
    const key = `${entry.id} ${'symbol' in entry ? entry.symbol : ''}`;
    if (this.#ids.has(key)) problems.push({ column: 'command.id', journal: entry.id, expected: 'a new one' });
    this.#ids.add(key);
    return [...problems, ...this.#checkLimits(entry), ...this.#checkCoins(entry)];
  }

  #checkLimits(entry: CommandEntry): OrderProblem[] {
    if (entry.command !== 'tighten') return [];
    return (['maxDrawdown', 'maxDataAgeMs', 'maxPosition'] as const).flatMap((name) => {
      const [value, before] = [entry[name], this.#limits[name]];
      if (value === null) return [];
      if (value >= before) return [{ column: `command.${name}`, journal: value, expected: `below ${before}` }];
      this.#limits[name] = value;
      return [];
    });
  }

  #checkCoins(entry: CommandEntry): OrderProblem[] {
    if (entry.command !== 'adopt' && entry.command !== 'abandon') return [];
    const [base] = entry.symbol.split('/');
    const foreign = this.#foreign.get(base);
    // On paper nobody holds anything.
    if (foreign === undefined) return [];
    const after = (entry.command === 'adopt' ? subtractDecimals : addDecimals)(foreign, entry.quantity);
    this.#foreign.set(base, after);
    return entry.command === 'adopt' && compareDecimals(after, '0') < 0
      ? [{ column: 'command.quantity', journal: entry.quantity, expected: foreign }]
      : [];
  }
}
