/** The three orders an agent can ask for: Discrete(3), in this order everywhere. A checkpoint states it. */
export const SELL = 0;
export const BUY = 1;
export const HOLD = 2;
export type Action = 0 | 1 | 2;

export const ACTION_COUNT = 3;
export const ACTION_NAMES = ['SELL', 'BUY', 'HOLD'] as const;
