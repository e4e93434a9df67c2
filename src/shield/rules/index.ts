/** Every rule, in the order in which they are asked: the supervisor, N-consecutive, the other limits. */
import { withPlugged } from '../../core/plugged.ts';
import type { AnyRule } from '../rule.ts';
import { confidence } from './confidence.ts';
import { consensus } from './consensus.ts';
import { dailyLoss } from './daily-loss.ts';
import { drift } from './drift.ts';
import { gappyData } from './gappy-data.ts';
import { lossStreak } from './loss-streak.ts';
import { maxDrawdown } from './max-drawdown.ts';
import { maxLeverage } from './max-leverage.ts';
import { maxNotional } from './max-notional.ts';
import { maxPosition } from './max-position.ts';
import { orderRate } from './order-rate.ts';
import { outOfRange } from './out-of-range.ts';
import { repeatLimit } from './repeat-limit.ts';
import { slippage } from './slippage.ts';
import { smurf } from './smurf.ts';
import { spread } from './spread.ts';
import { staleData } from './stale-data.ts';
import { stopLoss } from './stop-loss.ts';
import { takeProfit } from './take-profit.ts';
import { tradingHours } from './trading-hours.ts';
import { trailingStop } from './trailing-stop.ts';
import { unknownState } from './unknown-state.ts';
import { volatilitySpike } from './volatility-spike.ts';

/**
 * Every rule, in the order in which they are asked: the supervisor, N-consecutive, the other limits.
 * @example
 * RULES.some(({ name }) => name === 'max-drawdown'); // => true
 */
export const RULES = withPlugged<readonly AnyRule[]>('rules', [
  smurf,
  repeatLimit,
  consensus,
  confidence,
  maxDrawdown,
  dailyLoss,
  lossStreak,
  stopLoss,
  takeProfit,
  trailingStop,
  maxPosition,
  maxNotional,
  maxLeverage,
  orderRate,
  volatilitySpike,
  staleData,
  gappyData,
  unknownState,
  spread,
  slippage,
  outOfRange,
  drift,
  tradingHours,
]);
