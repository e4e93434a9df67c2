import { defineCommand } from './command.ts';
import { ALONE_OPTIONS, orderBot, SYMBOL_OPTION } from './order-bot.ts';

export const cancelAll = defineCommand({
  options: { ...ALONE_OPTIONS, ...SYMBOL_OPTION },
  examples: ['tradernet cancel-all --journal trial'],
  run: ({ symbol = null, ...options }, context) => orderBot({ command: 'cancel-all', symbol }, options, context),
});
