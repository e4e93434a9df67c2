import { randomInt } from 'node:crypto';

/** What makes the order ids of one start unlike those of any other: 4 letters or digits. */
export const drawRunId = (): string =>
  randomInt(36 ** 4)
    .toString(36)
    .padStart(4, '0');
