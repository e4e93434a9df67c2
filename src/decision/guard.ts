import type { Account } from '../core/account.ts';
import type { RuntimeFacts } from './facts.ts';

/**
 * The last check before an order leaves, whatever the shield's profile: why it isn't sent, or null. It stops new risk
 * only: on old data, while something is unresolved, after a halt or the account's end.
 */
export function guardOrder(
  order: number,
  account: Account,
  runtime: RuntimeFacts,
  maxDataAgeMs: number,
): string | null {
  if (Math.abs(account.position + order) <= Math.abs(account.position)) return null;
  if (account.ended) return 'account-ended';
  if (runtime.halted !== null) return 'halted';
  if (runtime.unresolved !== null) return 'unresolved';
  if (runtime.dataAgeMs > maxDataAgeMs) return 'stale-data';
  return null;
}
