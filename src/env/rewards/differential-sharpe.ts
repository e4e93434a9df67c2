/**
 * The differential Sharpe ratio: Moody and Saffell, "Reinforcement Learning for Trading", NIPS 1998, equations 5 to 7;
 * also "Learning to Trade via Direct Reinforcement", 2001. With A and B the exponentially weighted means of the step's
 * return R and of its square, and S = A / sqrt(B - A^2), it is dS/d(rate) at rate = 0:
 *
 *   D = (B dA - A dB / 2) / (B - A^2)^(3/2),   dA = R - A,   dB = R^2 - B
 *
 * Departures: R is the change of log equity; the means are freed of their start at zero, as in Adam, so that an episode
 * begins with what it has seen instead of with a variance near zero; and the variance has a floor, since an account that
 * was flat for long has none.
 */
import type { AccountReward } from './reward.ts';

/** Weight of the newest step: the ratio looks back about a hundred. */
const RATE = 0.01;
/** Least variance of a step's log return: a standard deviation of 0.01 %. */
const LEAST_VARIANCE = 1e-8;

/** Where the means, and the weight that they were given so far, are remembered. */
const [MEAN, SQUARE, WEIGHT] = [0, 1, 2];

export const differentialSharpe: AccountReward = {
  kind: 'account',
  name: 'differential-sharpe',
  docs: 'what the step does to the Sharpe ratio of about the last 100 steps; of order one, so use a rewardScale of 1',
  horizon: 1,
  hindsight: false,
  pathDependent: true,
  memory: 3,
  pay(_account, _action, logChange, memory) {
    const weight = memory[WEIGHT];
    const mean = weight === 0 ? 0 : memory[MEAN] / weight;
    const square = weight === 0 ? 0 : memory[SQUARE] / weight;
    const variance = Math.max(LEAST_VARIANCE, square - mean * mean);
    // D = (B dA - A dB / 2) / (B - A^2)^(3/2)
    const numerator = square * (logChange - mean) - (mean * (logChange * logChange - square)) / 2;
    memory[MEAN] += RATE * (logChange - memory[MEAN]);
    memory[SQUARE] += RATE * (logChange * logChange - memory[SQUARE]);
    memory[WEIGHT] += RATE * (1 - weight);
    return numerator / (variance * Math.sqrt(variance));
  },
};
