/** Step sizes that fall along a training. */
import { z } from 'zod';
import { setting } from '../core/setting.ts';

/** linear: a value that is 0 at the last step; none: one that stays. */
const decays = z.enum(['linear', 'none']);

/** The setting of how a value falls. @param last what ends the training, in words: `the last step` */
export function decaySetting(value: z.output<typeof decays>, last: string) {
  return setting(decays, value, 'choice', `linear: to 0 at ${last}`);
}

/** `value` at `progress`, a share of the training. */
export function decayed(value: number, decay: z.output<typeof decays>, progress: number): number {
  return decay === 'linear' ? value * (1 - progress) : value;
}
