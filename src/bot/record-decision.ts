import { createHash } from 'node:crypto';
import type { AgentDecision } from '../core/agent.ts';
import type { Candle } from '../core/candle.ts';
import type { ShieldDecision } from '../core/shield.ts';
import type { DecisionBar } from '../decision/facts.ts';
import type { DecisionRecord } from '../decision/record.ts';
import type { DecisionStep } from '../decision/step.ts';
import { encodeCandle } from './entries.ts';

/** Everything that a decision was based on and came to, for the journal; nothing of it is borrowed. */
export function recordDecision(made: {
  readonly candle: Candle;
  readonly decidable: boolean;
  readonly bar: DecisionBar;
  readonly layout: { readonly window: number; readonly width: number; readonly marketWidth: number };
  /** After the decision. */
  readonly step: DecisionStep;
  readonly asked: AgentDecision;
  readonly order: number;
}): DecisionRecord {
  const { candle, decidable, bar, step, order } = made;
  const { window, width, marketWidth } = made.layout;
  const { equity, position, units } = step.account;
  const { action, probabilities, qValues, vetoed = null } = made.asked;
  const newest = (window - 1) * width;
  return {
    candle: encodeCandle(candle),
    decidable,
    windowHash: createHash('sha256').update(new Uint8Array(step.values.buffer)).digest('hex'),
    row: Array.from(step.values.subarray(newest, newest + marketWidth)),
    account: Array.from(step.columns),
    mask: Array.from(step.mask) as (0 | 1)[],
    clippedShare: bar.clippedShare,
    gapBars: bar.gapBars,
    runtime: step.runtime,
    ...{ equity, position, units, action, probabilities, qValues, vetoed },
    // A bot always has a shield.
    shield: step.shielded as ShieldDecision,
    ...{ flatten: step.flatten, guard: step.guard, order },
  };
}
