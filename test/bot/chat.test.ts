/** Alarms and commands by Telegram and webhook, against local servers that speak their protocols. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answerChat } from '../../src/bot/chat-commands.ts';
import { botSchema } from '../../src/bot/config.ts';
import { attendChat, openChannels } from '../../src/cli/bot-channels.ts';
import type { Context } from '../../src/cli/command.ts';
import { createRedactor } from '../../src/exchange/redact.ts';
import { MINUTE, openDay } from '../venue/day.ts';
import { startTelegram } from './telegram-server.ts';

const CHAT = 4242;
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const contextOf = (env: Record<string, string>) =>
  ({
    env,
    // Waits are an instant: nothing here is about how long they are.
    clock: { nowMs: () => Date.now(), elapsedMs: () => 0, sleep: async () => {} },
    bot: () => botSchema.parse({ telegramChat: String(CHAT) }),
  }) as unknown as Context;

async function telegram() {
  const server = await startTelegram();
  stops.push(() => server.stop());
  const context = contextOf({ TRADERNET_TELEGRAM_TOKEN: server.token, TRADERNET_TELEGRAM_API_URL: server.url });
  return { server, context };
}

const until = async (isSo: () => boolean) => {
  for (let i = 0; i < 500 && !isSo(); i++) await new Promise((done) => setTimeout(done, 10));
  expect(isSo()).toBe(true);
};

const message = { level: 'critical', code: 'halted', text: 'tradernet: halted', timeMs: 5 } as const;

describe('an alarm', () => {
  it('reaches the chat, and waits as long as Telegram asks', async () => {
    const { server, context } = await telegram();
    server.refusals.push({ status: 429, retryAfterS: 3 }, { status: 502 });
    const waits: number[] = [];
    const patient = { ...context, clock: { ...context.clock, sleep: async (ms: number) => void waits.push(ms) } };
    const [channel] = openChannels(patient);
    await channel.send({ ...message, text: `long ${'x'.repeat(5_000)}` });
    expect(server.sent).toHaveLength(1);
    expect(server.sent[0].chat_id).toBe(String(CHAT));
    expect(server.sent[0].text).toMatch(/^CRITICAL long x+$/);
    expect(waits).toEqual([3_000, 10_000]);
  });

  it('that Telegram refuses for good is said once, without the token', async () => {
    const { server, context } = await telegram();
    const wrong = { ...context.env, TRADERNET_TELEGRAM_TOKEN: `${server.token}x` };
    const error = await openChannels({ ...context, env: wrong })[0]
      .send(message)
      .catch((one: Error) => one);
    expect(String(error)).toMatch(/telegram: the message was refused with status 401/);
    expect(String(error)).not.toContain(server.token);
  });

  it('reaches a webhook through its failures, and no other address than its own', async () => {
    const heard: { readonly method: string; readonly type: string; readonly body: unknown }[] = [];
    const answers = [503, 302, 200];
    const hook = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => (body += part));
      request.on('end', () => {
        heard.push({ method: request.method!, type: request.headers['content-type']!, body: JSON.parse(body) });
        response.writeHead(answers.shift() ?? 200, { location: '/elsewhere' });
        response.end();
      });
    });
    await new Promise<void>((done) => hook.listen(0, '127.0.0.1', done));
    stops.push(() => {
      hook.closeAllConnections();
      hook.close();
    });
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook?key=secret`;
    await openChannels(contextOf({ TRADERNET_WEBHOOK_URL: url }))[0].send(message);
    expect(heard).toEqual(
      Array.from({ length: 3 }, () => ({ method: 'POST', type: 'application/json', body: message })),
    );
  });
});

describe('a chat', () => {
  it('asks and orders; a stranger is not answered, and one order is carried out once', async () => {
    const { server, context } = await telegram();
    const day = openDay();
    const life = day.start(day.files);
    const { account } = life.bot.traders[0].broker;
    expect(await day.until(() => account.units > 0)).toBe(true);
    await day.pass(30_000);
    const said: string[] = [];
    const stop = new AbortController();
    const listening = attendChat(
      life.bot,
      context,
      (code, numbers) => said.push(`${code} ${JSON.stringify(numbers)}`),
      createRedactor([server.token]),
      stop.signal,
    );
    const ask = async (text: string, expected: RegExp) => {
      const before = server.sent.length;
      server.write(CHAT, text, Date.now());
      await until(() => server.sent.length > before);
      expect(server.sent[before].text, text).toMatch(expected);
      expect(server.sent[before].chat_id).toBe(String(CHAT));
    };
    await ask('/status', /^running\nBTC\/USDT: bar 2024-01-02/);
    await ask('/positions@our_bot', /BTC\/USDT: 0\.\d+ in 1 units, bought at/);
    await ask('/profit', /BTC\/USDT: -?\d+\.\d\d in 0 trades, fees \d/);
    await ask('/resume', /\/halt \[REASON\]/);
    server.write(CHAT + 1, '/halt', Date.now(), 'mallory');
    server.write(CHAT, 'good morning', Date.now());
    await until(() => said.some((line) => line.includes('chat-stranger')));
    expect(life.bot.halted).toBeNull();
    await ask('/halt too hot', /^halted/);
    expect(life.bot.halted).toBe('too hot');
    await ask('/halt again', /is halted already: too hot/);
    stop.abort(new Error('over'));
    await listening;
    expect(await day.until(() => account.units === 0, 3 * MINUTE)).toBe(true);
    await life.stop();
    const halts = day.entries(day.files).filter(({ type }) => type === 'halt');
    expect(halts).toMatchObject([{ by: 'telegram ada', reason: 'too hot' }]);
    expect(said.filter((line) => !line.includes('chat-stranger'))).toEqual([]);
  });

  it('closes and pauses by any of a symbol’s names, and not what was asked for long ago', async () => {
    const own = { BTC: '0.5', ETH: '0.5', USDT: '137' };
    const day = openDay({ bases: ['BTC', 'ETH'], own });
    const life = day.start(day.files);
    const [btc, eth] = life.bot.traders;
    expect(await day.until(() => [btc, eth].every(({ broker }) => broker.account.units > 0))).toBe(true);
    let count = 0;
    const say = async (text: string, ageMs = 0) => {
      const nowMs = day.time.clock.nowMs();
      const answer = answerChat(
        life.bot,
        { text, by: 'telegram ada', timeMs: nowMs - ageMs },
        nowMs,
        `chat-${count++}`,
      );
      await day.time.runUntil(answer);
      return answer;
    };
    expect(await say('/close', 6 * MINUTE)).toMatch(/more than 5 minutes ago/);
    expect(await say('/pause btcusdt')).toMatch(/^BTC\/USDT: paused/);
    expect(await say('/close btc')).toMatch(/^BTC\/USDT: (closed|being closed)/);
    expect(await say('/close DOGE')).toMatch(/--symbol DOGE: this bot trades/);
    expect(await say('hello')).toBeNull();
    await day.pass(3 * MINUTE);
    expect([btc.broker.account.units, eth.broker.account.units > 0]).toEqual([0, true]);
    expect([btc.limits.paused, eth.limits.paused]).toEqual([true, false]);
    expect(await say('/status')).toMatch(/BTC\/USDT: bar .*, paused/);
    await life.stop();
    expect(await day.differences(day.entries(day.files))).toEqual([]);
  });
});
