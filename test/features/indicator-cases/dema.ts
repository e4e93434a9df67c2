import { dema } from '../../../src/features/dema.ts';
import { perClose } from './indicator-case.ts';

export const indicatorCase = perClose(() => dema.create({ per: 'price' }));
