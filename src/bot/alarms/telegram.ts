import { type AlarmChannel, type Post, requireDelivered } from './alarm.ts';

/** Sends a message through a Telegram bot (https://core.telegram.org/bots/api#sendmessage). */
export function createTelegram(token: string, chatId: string, post: Post): AlarmChannel {
  return {
    name: 'telegram',
    async send({ level, text }) {
      const body = JSON.stringify({ chat_id: chatId, text: `${level.toUpperCase()} ${text}` });
      requireDelivered('telegram', await post(`https://api.telegram.org/bot${token}/sendMessage`, body));
    },
  };
}
