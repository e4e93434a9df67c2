import type { Condition } from './condition.ts';

/** The venue did what a broker needs of it, with orders of this user's: real ones of the smallest size, or on its test network. */
export const venueCertificate: Condition = {
  name: 'venue-certificate',
  doc: "the venue's certificate of 'tradernet doctor --certify', of this version and not older than 90 days",
  check: ({ venue, certificateProblem }) =>
    certificateProblem === null
      ? null
      : `${venue} has no certificate (${certificateProblem}); run 'tradernet doctor --certify', with --sandbox for its test network`,
};
