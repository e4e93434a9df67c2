import type { TrackedOrder } from './live-book.ts';

/** Entries are tried again at most this often, and only where it is proven that nothing was placed. */
const ENTRY_ATTEMPTS = 3;

export type RetryStep =
  | { readonly kind: 'send' | 'wait' }
  | { readonly kind: 'give-up'; readonly code: string; readonly numbers: Readonly<Record<string, string>> };

/** What follows from an order that ended without doing what it was for. An exit is tried until nothing is left. */
export function retryStep(
  order: TrackedOrder,
  facts: {
    readonly fresh: boolean;
    /** Everything is being closed. */
    readonly closing: boolean;
    readonly flat: boolean;
    readonly unresolved: string | null;
  },
): RetryStep {
  const giveUp = (code: string, numbers: Readonly<Record<string, string>>): RetryStep => ({
    kind: 'give-up',
    code,
    numbers,
  });
  if (order.role === 'exit') return facts.flat ? giveUp('nothing-left', {}) : { kind: 'send' };
  if (facts.closing) return giveUp('closing', { id: order.id });
  if (order.attempt >= ENTRY_ATTEMPTS) return giveUp('too-many-attempts', { attempts: String(order.attempt) });
  if (!facts.fresh) return giveUp('no-longer-fresh', { id: order.id });
  // What is unresolved may become known while the decision is still fresh.
  return { kind: facts.unresolved === null ? 'send' : 'wait' };
}
