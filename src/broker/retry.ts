import type { TrackedOrder } from './live-book.ts';

/** An entry is tried so often, and again only where it is proven that nothing was placed. */
const ENTRY_ATTEMPTS = 3;

export type RetryStep =
  | { readonly kind: 'send' | 'wait' }
  | { readonly kind: 'give-up'; readonly code: string; readonly numbers: Readonly<Record<string, string>> };

/** What follows from an entry that never arrived. */
export function retryStep(
  order: TrackedOrder,
  facts: {
    readonly fresh: boolean;
    /** Everything is being closed. */
    readonly closing: boolean;
    readonly unresolved: string | null;
  },
): RetryStep {
  const { id, attempt } = order;
  if (facts.closing) return { kind: 'give-up', code: 'closing', numbers: { id } };
  if (attempt >= ENTRY_ATTEMPTS)
    return { kind: 'give-up', code: 'too-many-attempts', numbers: { attempts: String(attempt) } };
  if (!facts.fresh) return { kind: 'give-up', code: 'no-longer-fresh', numbers: { id } };
  // What is unresolved may become known while the decision is still fresh.
  return { kind: facts.unresolved === null ? 'send' : 'wait' };
}
