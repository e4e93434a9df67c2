import { z } from 'zod';
import { setting } from '../core/setting.ts';

/** Settings of paper and live trading. Secrets (keys, tokens, the webhook's address) come from the environment alone. */
export const botSchema = z.strictObject({
  venue: setting(z.string().min(1), 'binance', 'name', "the venue, by ccxt's name"),
  live: setting(z.boolean(), false, 'yes/no', 'the switch without which no real order leaves'),
  allocation: setting(z.number().positive(), 1_000, 'quote, a symbol', 'what the bot owns; the rest is not its own'),
  maxDrawdown: setting(z.number().min(0).lt(1), 0.2, 'share of the peak', 'over all symbols: halts; 0: never'),
  warmUpBars: setting(z.number().int().min(1).max(5_000), 1_000, 'bars', 'history before the first decision'),
  maxDataAge: setting(z.number().gt(0).max(1), 0.25, 'bars', 'older candles open nothing, whatever the shield says'),
  paperDays: setting(z.number().min(0), 7, 'days', 'verified paper trading that live asks for'),
  statusPort: setting(z.number().int().min(0).max(65_535), 9_377, 'port', '/health and /metrics on 127.0.0.1; 0: off'),
  heartbeatMinutes: setting(z.number().min(0), 60, 'minutes', 'between signs of life to the alarms; 0: none'),
  telegramChat: setting(z.string().nullable(), null, 'chat id', 'alarms by Telegram, with TRADERNET_TELEGRAM_TOKEN'),
});

export type BotConfig = z.output<typeof botSchema>;
