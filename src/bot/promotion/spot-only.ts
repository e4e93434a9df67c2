import type { Condition } from './condition.ts';

/** Live trading knows no short position and no loan. */
export const spotOnly: Condition = {
  name: 'spot-only',
  doc: 'the checkpoint was trained for a spot account',
  check: ({ mode }) => (mode === 'spot' ? null : 'it was trained for a margin account; live trades spot only'),
};
