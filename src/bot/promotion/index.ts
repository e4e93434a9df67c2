/** What a checkpoint must have shown before it trades real money, each condition in a file of its own. */
import type { Candidate, Condition } from './condition.ts';
import { drawdownLimit } from './drawdown-limit.ts';
import { edgeVerdict } from './edge-verdict.ts';
import { paperDays } from './paper-days.ts';
import { spotOnly } from './spot-only.ts';

export type { Candidate, Condition } from './condition.ts';

export const CONDITIONS: readonly Condition[] = [spotOnly, paperDays, edgeVerdict, drawdownLimit];

/** Conditions that no override lifts. */
export const FIRM: ReadonlySet<string> = new Set([spotOnly.name]);

/** What is missing, in the conditions' order; empty where the candidate may trade. */
export function checkPromotion(candidate: Candidate): { readonly condition: string; readonly missing: string }[] {
  return CONDITIONS.flatMap((condition) => {
    const missing = condition.check(candidate);
    return missing === null ? [] : [{ condition: condition.name, missing }];
  });
}
