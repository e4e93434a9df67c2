import { bollinger } from '../../../src/features/bollinger.ts';
import { perClose } from './indicator-case.ts';

export const indicatorCase = perClose(() => bollinger.create({ per: 'price' }));
