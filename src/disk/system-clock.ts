import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';

/** The machine's clock: the only implementation of `Clock` outside tests and rehearsals. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  sleep: async (ms, signal) => setTimeout(ms, undefined, signal === undefined ? {} : { signal }),
};
