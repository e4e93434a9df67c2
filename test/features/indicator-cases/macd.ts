import { macd } from '../../../src/features/macd.ts';
import { perClose } from './indicator-case.ts';

export const indicatorCase = perClose(() => macd.create({ per: 'price' }));
