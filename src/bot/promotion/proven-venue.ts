import type { Condition } from './condition.ts';

/** A venue that this project's tests don't cover is good for live trading only with a certificate. */
export const provenVenue: Condition = {
  name: 'proven-venue',
  doc: 'a venue that the conformance suite passes, here or by a certificate',
  check: ({ venue, venueTested, certificateProblem }) =>
    venueTested || certificateProblem === null
      ? null
      : `no test of this project has seen ${venue} take an order, and it has no certificate (${certificateProblem}); run 'tradernet doctor --certify'`,
};
