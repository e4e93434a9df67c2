import { amount } from './amount.ts';
import type { Rules } from './exchange.ts';

/** Filters much like Binance's for a large coin. */
export function rulesOf(base: string, quote = 'USDT', changes: Partial<Rules> = {}): Rules {
  return {
    ...{ symbol: `${base}/${quote}`, id: `${base}${quote}`, base, quote },
    ...{ tick: amount('0.01'), step: amount('0.00001'), minQuantity: amount('0.00001') },
    ...{ maxQuantity: amount('9000'), maxMarketQuantity: amount('100'), minNotional: amount('5') },
    ...changes,
  };
}
