/** How a bot reaches a person, and a person a bot: addresses and secrets of the environment, and the network. */
import { randomBytes } from 'node:crypto';
import type { AlarmChannel, Post } from '../bot/alarms/alarm.ts';
import { createTelegram, listenToTelegram, type TelegramOptions, writeTelegram } from '../bot/alarms/telegram.ts';
import { createWebhook } from '../bot/alarms/webhook.ts';
import type { Bot } from '../bot/bot.ts';
import { answerChat } from '../bot/chat-commands.ts';
import type { Context } from './command.ts';

/** Telegram holds a question for updates open for a while. */
const DEADLINE_MS = 40_000;

const post =
  (stop: AbortSignal | null): Post =>
  async (url, body) => {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const signal = stop === null ? deadline : AbortSignal.any([deadline, stop]);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
    const asked = Number(answer.headers.get('retry-after') ?? Number.NaN);
    const text = await answer.text();
    const told = /"retry_after"\s*:\s*(\d+)/.exec(text)?.[1];
    return { status: answer.status, text, retryAfterS: told === undefined ? (asked > 0 ? asked : null) : Number(told) };
  };

function telegramOf(context: Context, stop: AbortSignal | null): TelegramOptions | null {
  const { TRADERNET_TELEGRAM_TOKEN: token, TRADERNET_TELEGRAM_API_URL: api } = context.env;
  const { telegramChat: chatId } = context.bot();
  if (!token || chatId === null) return null;
  const sleep = (ms: number) => context.clock.sleep(ms, stop ?? undefined).catch(() => {});
  return { token, chatId, post: post(stop), sleep, ...(api ? { api } : {}) };
}

export function openChannels(context: Context): AlarmChannel[] {
  const { TRADERNET_WEBHOOK_URL: webhook } = context.env;
  const telegram = telegramOf(context, null);
  const sleep = (ms: number) => context.clock.sleep(ms);
  return [
    ...(webhook ? [createWebhook(webhook, post(null), sleep)] : []),
    ...(telegram === null ? [] : [createTelegram(telegram)]),
  ];
}

/** Carries out what the configured chat orders, until the signal aborts. Nothing waits for it, and it ends nothing. */
export async function attendChat(
  bot: Bot,
  context: Context,
  say: (code: string, numbers: Readonly<Record<string, string>>) => void,
  redact: (text: string) => string,
  signal: AbortSignal,
): Promise<void> {
  const telegram = telegramOf(context, signal);
  if (telegram === null) return;
  const fail = (error: unknown) => say('chat-failed', { message: redact(String((error as Error).message)) });
  const listener = {
    // A close that waits for the venue keeps no halt waiting.
    onMessage(message: { readonly text: string; readonly by: string; readonly timeMs: number }) {
      const id = `chat-${randomBytes(6).toString('hex')}`;
      answerChat(bot, message, context.clock.nowMs(), id)
        .then((answer) => (answer === null ? undefined : writeTelegram(telegram, redact(answer))))
        .catch(fail);
    },
    onStranger: (chat: string) => say('chat-stranger', { chat }),
    onFailure: (message: string) => say('chat-failed', { message: redact(message) }),
  };
  await listenToTelegram(telegram, listener, signal);
}
