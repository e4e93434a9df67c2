/** Every indicator, each in a file of its own. Adding one is a file and a line here. */
import { withPlugged } from '../core/plugged.ts';
import { adx } from './adx.ts';
import { aroon } from './aroon.ts';
import { atr } from './atr.ts';
import { bollinger } from './bollinger.ts';
import { cci } from './cci.ts';
import { dema } from './dema.ts';
import { donchian } from './donchian.ts';
import { emaDistance } from './ema-distance.ts';
import { hour } from './hour.ts';
import type { IndicatorType } from './indicator.ts';
import { keltner } from './keltner.ts';
import { logReturns, tradesLogReturns } from './log-returns.ts';
import { macd } from './macd.ts';
import { mfi } from './mfi.ts';
import { parkinson } from './parkinson.ts';
import { realisedVolatility } from './realised-volatility.ts';
import { rsi } from './rsi.ts';
import { sma } from './sma.ts';
import { stochRsi } from './stoch-rsi.ts';
import { stochastic } from './stochastic.ts';
import { trends } from './trends.ts';
import { volumeFlow } from './volume-flow.ts';
import { vwap } from './vwap.ts';
import { williamsR } from './williams-r.ts';

/** Every indicator by its name; a feature set is a list of them. */
export const INDICATORS: readonly IndicatorType[] = withPlugged<readonly IndicatorType[]>('indicators', [
  logReturns,
  tradesLogReturns,
  hour,
  macd,
  stochastic,
  aroon,
  rsi,
  adx,
  atr,
  cci,
  dema,
  vwap,
  bollinger,
  volumeFlow,
  trends,
  sma,
  emaDistance,
  mfi,
  stochRsi,
  williamsR,
  keltner,
  donchian,
  realisedVolatility,
  parkinson,
]);
