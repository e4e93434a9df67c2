import { type AlarmChannel, deliver, type Post, type Sleep } from './alarm.ts';

/** Posts {level, code, text, timeMs} to an address of one's own. */
export function createWebhook(url: string, post: Post, sleep: Sleep): AlarmChannel {
  return {
    name: 'webhook',
    send: (message) => deliver('webhook', () => post(url, JSON.stringify(message)), sleep),
  };
}
