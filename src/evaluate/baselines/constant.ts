import { type Action, BUY, HOLD, SELL } from '../../core/action.ts';
import { PLAIN } from '../../core/agent.ts';
import type { Policy } from '../policy.ts';
import type { Baseline } from './baseline.ts';

/** Asks for the same action on every bar, allowed or not. */
export function constantPolicy(name: string, action: Action): Policy {
  return { name, decide: () => PLAIN[action] };
}

function constant(name: string, label: string, action: Action, doc: string): Baseline {
  return { name, label, doc, needs: [], create: () => ({ policy: constantPolicy(name, action) }) };
}

export const flat = constant('flat', 'Flat (always HOLD)', HOLD, 'asks for HOLD on every bar: no position, no costs');
export const alwaysBuy = constant('always-buy', 'Always BUY', BUY, 'asks for BUY on every bar, unit by unit');
export const alwaysSell = constant(
  'always-sell',
  'Always SELL',
  SELL,
  'asks for SELL on every bar; on spot the same as flat',
);
