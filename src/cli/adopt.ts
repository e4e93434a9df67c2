import { defineCommand } from './command.ts';
import { ALONE_OPTIONS, orderBot, parseAmount, SYMBOL_OPTION } from './order-bot.ts';

const PRICE = {
  '--price <quote>': { doc: "at which it is counted (default: the venue's bid now)", parse: parseAmount },
};

export const adopt = defineCommand({
  options: {
    ...ALONE_OPTIONS,
    ...SYMBOL_OPTION,
    '--quantity <base>': { doc: "coins of yours on the account that become the bot's", parse: parseAmount },
    ...PRICE,
  },
  examples: ['tradernet adopt --journal trial --symbol SYNTH/USDT --quantity 0.5 --price 100'],
  run: ({ symbol = null, quantity = null, price = null, ...options }, context) =>
    orderBot({ command: 'adopt', symbol, quantity, price }, options, context),
});

export const abandon = defineCommand({
  options: { ...ALONE_OPTIONS, ...SYMBOL_OPTION, ...PRICE },
  examples: ['tradernet abandon --journal trial --symbol SYNTH/USDT --reason "I sold it by hand"'],
  run: ({ symbol = null, price = null, ...options }, context) =>
    orderBot({ command: 'abandon', symbol, price }, options, context),
});
