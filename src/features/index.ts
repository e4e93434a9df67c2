/** Every indicator, each in a file of its own, with its variants. Adding one is a file and a line here. */
import { adx } from './adx.ts';
import { aroon } from './aroon.ts';
import { bollinger } from './bollinger.ts';
import { cci } from './cci.ts';
import { dema } from './dema.ts';
import { hour } from './hour.ts';
import type { Indicator } from './indicator.ts';
import { logReturns, tradesLogReturns } from './log-returns.ts';
import { macd } from './macd.ts';
import { rsi } from './rsi.ts';
import { stochastic } from './stochastic.ts';
import { trends } from './trends.ts';
import { volumeFlow } from './volume-flow.ts';
import { vwap } from './vwap.ts';

export const INDICATORS: readonly Indicator[] = [
  logReturns,
  tradesLogReturns,
  hour,
  macd('price'),
  macd('close'),
  stochastic,
  aroon('close'),
  aroon('high-low'),
  rsi,
  adx,
  cci,
  dema('price'),
  dema('close'),
  vwap('price'),
  vwap('close'),
  bollinger('price'),
  bollinger('close'),
  volumeFlow('volume'),
  volumeFlow('volume', 'second'),
  volumeFlow('mean-volume'),
  volumeFlow('mean-volume', 'second'),
  trends('zero'),
  trends('refuse'),
];
