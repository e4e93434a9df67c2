/**
 * The shield inside training: actions that it would turn into HOLD are masked before sampling, and the observation
 * gets the bits that decide, so that the masked process stays a function of what the agent sees.
 */
import { BUY, HOLD, SELL } from '../core/action.ts';
import type { DecisionFacts } from '../core/shield.ts';
import type { RuleShield } from './shield.ts';

/** Columns that follow the account's in an observation: 1 where the shield allows the action, and 1 while halted. */
export const SHIELD_COLUMNS = ['shieldAllowsSell', 'shieldAllowsBuy', 'shieldHalted'] as const;

/** What the columns hold where there is no shield. */
export const UNSHIELDED_BITS = [1, 1, 0] as const;

/**
 * Clears in `mask` (3) what the shield denies, and writes the `SHIELD_COLUMNS` to `bits` (3) from `offset` on. The
 * bits say what the shield allows, whatever the account does. HOLD is never masked.
 */
export function shieldMask(
  shield: RuleShield,
  facts: DecisionFacts,
  mask: Uint8Array,
  bits: Float32Array | null = null,
  offset = 0,
): void {
  const allowed = new Uint8Array(3).fill(1);
  shield.maskActions(facts, allowed);
  mask[SELL] &= allowed[SELL];
  mask[BUY] &= allowed[BUY];
  mask[HOLD] = 1;
  if (bits === null) return;
  bits[offset] = allowed[SELL];
  bits[offset + 1] = allowed[BUY];
  bits[offset + 2] = shield.latch === null ? 0 : 1;
}
