/** Smurfing: a careful second agent supervises; where it says HOLD, the final action is HOLD. */
import { z } from 'zod';
import { HOLD } from '../../core/action.ts';
import { ALLOW, deny, type NoState, noState, type Rule } from '../rule.ts';

export const smurf: Rule<Record<string, never>, NoState> = {
  name: 'smurf',
  doc: 'denies every request while the supervising agent says HOLD',
  config: z.strictObject({}),
  state: noState,
  standard: {},
  profiles: { cautious: {}, balanced: {}, spec: {} },
  initial: () => null,
  judge(_, state, { request, advice }) {
    const vetoed = request !== HOLD && (advice === null || advice === HOLD);
    return { verdict: vetoed ? deny('supervisor-holds', { request }) : ALLOW, state };
  },
};
