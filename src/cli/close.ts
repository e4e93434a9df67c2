import { defineCommand } from './command.ts';
import { ALONE_OPTIONS, orderBot, SYMBOL_OPTION } from './order-bot.ts';

export const close = defineCommand({
  options: { ...ALONE_OPTIONS, ...SYMBOL_OPTION },
  examples: ['tradernet close --journal trial --reason "going away"'],
  run: ({ symbol = null, ...options }, context) => orderBot({ command: 'close', symbol }, options, context),
});
