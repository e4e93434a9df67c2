import { publishedCase } from './published.ts';

export const rewardCase = publishedCase('limit');
