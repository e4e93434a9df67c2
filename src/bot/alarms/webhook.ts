import { type AlarmChannel, type Post, requireDelivered } from './alarm.ts';

/** Posts {level, code, text, timeMs} to an address of one's own. */
export function createWebhook(url: string, post: Post): AlarmChannel {
  return {
    name: 'webhook',
    async send(message) {
      requireDelivered('webhook', await post(url, JSON.stringify(message)));
    },
  };
}
