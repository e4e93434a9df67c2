/** What a running bot tells a person on the terminal. */

import { styleText } from 'node:util';
import type { Bot } from '../bot/bot.ts';
import type { BotEntry } from '../bot/entries.ts';
import { ACTION_NAMES } from '../core/action.ts';
import type { Json } from '../core/json.ts';
import type { Output } from './command.ts';
import type { JournalPlace } from './journals.ts';
import { formatDuration } from './progress.ts';

/** One line for a person; null for what only the log needs. */
export function describeEntry(entry: BotEntry): string | null {
  const time = new Date(entry.timeMs).toISOString().slice(5, 19).replace('T', ' ');
  if (entry.type === 'decision') {
    const { candle, action, shield, order, equity, units, guard } = entry.record;
    const final = ACTION_NAMES[shield.final];
    const colour = shield.final === 1 ? 'green' : shield.final === 0 ? 'red' : 'dim';
    const no = shield.verdicts.find(({ verdict }) => verdict.kind !== 'allow');
    const asked = action === shield.final ? '' : ` (asked ${ACTION_NAMES[action]}; ${no?.rule ?? ''} said no)`;
    const held = guard === null ? '' : ` (not sent: ${guard})`;
    const sized = order === 0 ? '' : ` ${order > 0 ? '+' : ''}${Number(order.toPrecision(6))}`;
    return `${time}  ${entry.symbol}  close ${candle[4]}  ${styleText(colour, final)}${sized}${asked}${held}  units ${units}  equity ${equity.toFixed(2)}`;
  }
  if (entry.type === 'fill')
    return `${time}  ${entry.symbol}  ${entry.side} ${entry.quantity} at ${entry.price}, fee ${entry.feeAmount} ${entry.feeCurrency}`;
  if (entry.type === 'halt') return styleText('red', `${time}  HALTED by ${entry.by}: ${entry.reason}`);
  if (entry.type === 'holdings' && entry.change !== '0')
    return `${time}  external balance change: ${entry.change} ${entry.currency}`;
  if (entry.type === 'cut') return `${time}  the journal's last record was torn by a crash and was cut`;
  return null;
}

/** What a session came to. */
export function summarise(bot: Bot, place: JournalPlace, elapsedMs: number): Output {
  const symbols = bot.traders.map(({ symbol, decisions, broker: { account } }) => {
    const { equity, units, position, closedTrades, feesPaid } = account;
    return { symbol, decisions, equity, units, position, closedTrades, feesPaid };
  });
  const lines = symbols.map(
    ({ symbol, decisions, equity, units, closedTrades, feesPaid }) =>
      `${symbol}: ${decisions} decisions, ${closedTrades} trades, equity ${equity.toFixed(2)}, units ${units}, fees ${feesPaid.toFixed(2)}`,
  );
  const halted =
    bot.halted === null
      ? []
      : [styleText('red', `halted: ${bot.halted}; 'tradernet reset --journal ${place.name}' lets it trade again`)];
  const text = [
    `${place.name}: stopped in order after ${formatDuration(elapsedMs)}`,
    ...lines,
    ...halted,
    `next:   tradernet verify --journal ${place.name}`,
  ].join('\n');
  return { text, json: { journal: place.name, halted: bot.halted, symbols } as unknown as Json };
}
