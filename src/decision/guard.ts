import type { Account } from '../core/account.ts';
import type { RuntimeFacts } from './facts.ts';
import type { Limits } from './limits.ts';

/**
 * The last check before an order leaves, whatever the shield's profile: why it isn't sent, or null. It stops new risk
 * only: on old data, while something is unresolved or paused, beyond a limit, after a halt or the account's end.
 */
export function guardOrder(order: number, account: Account, runtime: RuntimeFacts, limits: Limits): string | null {
  const held = Math.abs(account.position + order);
  if (held <= Math.abs(account.position)) return null;
  if (account.ended) return 'account-ended';
  if (runtime.halted !== null) return 'halted';
  if (limits.paused) return 'paused';
  if (runtime.unresolved !== null) return 'unresolved';
  if (runtime.dataAgeMs > limits.maxDataAgeMs) return 'stale-data';
  if (held * account.mark > limits.maxPosition) return 'max-position';
  return null;
}
