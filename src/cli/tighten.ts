import { defineCommand } from './command.ts';
import { parseNumber } from './options.ts';
import { ORDER_OPTIONS, orderBot } from './order-bot.ts';

export const tighten = defineCommand({
  options: {
    ...ORDER_OPTIONS,
    '--max-drawdown <share>': {
      doc: 'share of the peak, over all symbols, at which it halts',
      parse: parseNumber(0, 1),
    },
    '--max-data-age <bars>': { doc: 'older candles open nothing', parse: parseNumber(0, 1) },
    '--max-position <quote>': { doc: "a symbol's position may be worth no more", parse: parseNumber(0) },
  },
  examples: ['tradernet tighten --journal trial --max-drawdown 0.1'],
  run: ({ maxDrawdown = null, maxDataAge = null, maxPosition = null, ...options }, context) =>
    orderBot({ command: 'tighten', maxDrawdown, maxDataAge, maxPosition }, options, context),
});
