import { defineCommand } from './command.ts';
import { ORDER_OPTIONS, orderBot, SYMBOL_OPTION } from './order-bot.ts';

export const pause = defineCommand({
  options: { ...ORDER_OPTIONS, ...SYMBOL_OPTION },
  examples: ['tradernet pause --journal trial --symbol SYNTH/USDT'],
  run: ({ symbol = null, ...options }, context) => orderBot({ command: 'pause', symbol }, options, context),
});

export const resume = defineCommand({
  options: { ...ORDER_OPTIONS, ...SYMBOL_OPTION },
  examples: ['tradernet resume --journal trial --symbol SYNTH/USDT'],
  run: ({ symbol = null, ...options }, context) => orderBot({ command: 'resume', symbol }, options, context),
});
