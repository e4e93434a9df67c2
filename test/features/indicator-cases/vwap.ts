import { vwap } from '../../../src/features/vwap.ts';
import { perClose } from './indicator-case.ts';

export const indicatorCase = perClose(() => vwap.create({ per: 'price' }));
