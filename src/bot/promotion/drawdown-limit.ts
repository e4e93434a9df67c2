import type { Condition } from './condition.ts';

/** Somebody decided beforehand how much may be lost. */
export const drawdownLimit: Condition = {
  name: 'drawdown-limit',
  doc: 'a drawdown over all symbols at which everything halts',
  check: ({ maxDrawdown }) => (maxDrawdown > 0 ? null : 'bot.maxDrawdown is 0, so nothing would ever halt it; set it'),
};
