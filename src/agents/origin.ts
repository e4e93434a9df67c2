/** Where an agent comes from: what decided its training but the seed, and every bar that trained or chose it. */
import { z } from 'zod';

export const originSchema = z.strictObject({
  /** SHA-256 of everything that decided the training but its seed and its folds, which `seen` names. */
  recipe: z.string(),
  seen: z.array(
    z.strictObject({
      /** `VENUE:SYMBOL` */
      market: z.string(),
      timeframeMs: z.number(),
      fold: z.enum(['train', 'validation']),
      /** Unix ms of the first bar's open and the last one's close. */
      fromMs: z.number(),
      toMs: z.number(),
      /** SHA-256 of the candles. */
      hash: z.string(),
    }),
  ),
});

/** What decided a training but its seed, and every bar that trained or chose the agent. */
export type Origin = z.output<typeof originSchema>;
