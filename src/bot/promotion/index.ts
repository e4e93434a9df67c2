/** What a checkpoint must have shown before it trades real money, each condition in a file of its own. */
import type { Candidate, Condition } from './condition.ts';
import { drawdownLimit } from './drawdown-limit.ts';
import { edgeVerdict } from './edge-verdict.ts';
import { paperDays } from './paper-days.ts';
import { provenVenue } from './proven-venue.ts';
import { spotOnly } from './spot-only.ts';
import { venueCertificate } from './venue-certificate.ts';

export type { Candidate, Condition } from './condition.ts';

export const CONDITIONS: readonly Condition[] = [
  spotOnly,
  provenVenue,
  venueCertificate,
  paperDays,
  edgeVerdict,
  drawdownLimit,
];

/** Conditions that no override lifts. */
export const FIRM: ReadonlySet<string> = new Set([spotOnly.name, provenVenue.name]);

/** What is missing, in the conditions' order; empty where the candidate may trade. */
export function checkPromotion(candidate: Candidate): { readonly condition: string; readonly missing: string }[] {
  return CONDITIONS.flatMap((condition) => {
    const missing = condition.check(candidate);
    return missing === null ? [] : [{ condition: condition.name, missing }];
  });
}
