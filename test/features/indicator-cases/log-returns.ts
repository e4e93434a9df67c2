import { covered } from './indicator-case.ts';

export const indicatorCase = covered;
