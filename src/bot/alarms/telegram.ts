/** A Telegram bot (https://core.telegram.org/bots/api): alarms go out through it, and a person's commands come in. */
import { z } from 'zod';
import { parseJson } from '../../core/json.ts';
import { type AlarmChannel, deliver, type Post, type Sleep } from './alarm.ts';

/** Characters that one message may have. */
const LONGEST = 4096;
/** How long Telegram holds a question for new messages open. */
const POLL_S = 20;

export interface TelegramOptions {
  readonly token: string;
  /** The only chat that is written to and listened to. */
  readonly chatId: string;
  readonly post: Post;
  readonly sleep: Sleep;
  /** Of a Bot API server of one's own. */
  readonly api?: string;
}

const PUBLIC_API = 'https://api.telegram.org';

const addressOf = ({ token, api = PUBLIC_API }: TelegramOptions, method: string): string =>
  `${api.replace(/\/$/, '')}/bot${token}/${method}`;

/** Writes to the chat. Rejects where it did not arrive. */
export function writeTelegram(options: TelegramOptions, text: string): Promise<void> {
  const body = JSON.stringify({ chat_id: options.chatId, text: text.slice(0, LONGEST) });
  return deliver('telegram', () => options.post(addressOf(options, 'sendMessage'), body), options.sleep);
}

export function createTelegram(options: TelegramOptions): AlarmChannel {
  return {
    name: 'telegram',
    send: ({ level, text }) => writeTelegram(options, `${level.toUpperCase()} ${text}`),
  };
}

const updateSchema = z.object({
  update_id: z.number().int(),
  message: z
    .object({
      date: z.number(),
      text: z.string().optional(),
      chat: z.object({ id: z.number() }),
      from: z.object({ id: z.number(), username: z.string().optional() }).optional(),
    })
    .optional(),
});
const updatesSchema = z.object({ ok: z.literal(true), result: z.array(updateSchema) });

export interface TelegramMessage {
  readonly text: string;
  readonly by: string;
  readonly timeMs: number;
}

export interface TelegramListener {
  /** A message of the configured chat. */
  onMessage(message: TelegramMessage): void;
  /** Somebody else wrote to the bot. */
  onStranger(chatId: string): void;
  onFailure(message: string): void;
}

/** Listens until the signal aborts. What was written before it began to listen is still answered; each message once. */
export async function listenToTelegram(
  options: TelegramOptions,
  listener: TelegramListener,
  signal: AbortSignal,
): Promise<void> {
  let offset = 0;
  let failures = 0;
  while (!signal.aborted) {
    const body = JSON.stringify({ offset, timeout: POLL_S, allowed_updates: ['message'] });
    const answer = await options.post(addressOf(options, 'getUpdates'), body).catch((error: unknown) => error as Error);
    if (signal.aborted) return;
    const read = answer instanceof Error ? null : updatesSchema.safeParse(parsed(answer.text));
    if (answer instanceof Error || read?.success !== true) {
      const why = answer instanceof Error ? answer.message : `no updates, status ${answer.status}`;
      if (failures++ === 0) listener.onFailure(`telegram: ${why}`);
      const askedMs = answer instanceof Error ? 0 : 1000 * (answer.retryAfterS ?? 0);
      await options.sleep(Math.max(askedMs, Math.min(60_000, 1_000 * 2 ** Math.min(failures, 6))));
      continue;
    }
    failures = 0;
    for (const { update_id: id, message } of read.data.result) {
      offset = Math.max(offset, id + 1);
      if (message?.text === undefined) continue;
      if (String(message.chat.id) !== options.chatId) {
        listener.onStranger(String(message.chat.id));
        continue;
      }
      const { username, id: from = 0 } = message.from ?? {};
      listener.onMessage({ text: message.text, by: `telegram ${username ?? from}`, timeMs: 1000 * message.date });
    }
  }
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}
