/** A venue that answers with the very key it was shown, spelled in every way: no error, log line or alarm repeats it. */
import { expect, it } from 'vitest';
import type { AlarmMessage } from '../../src/bot/alarms/alarm.ts';
import { AlarmDesk } from '../../src/bot/alarms/alarm-desk.ts';
import { formatLogLine } from '../../src/bot/log-line.ts';
import { createRedactor } from '../../src/exchange/redact.ts';
import type { Call } from '../../src/rehearsal/dialect.ts';
import type { Outcome } from '../../src/rehearsal/server.ts';
import { keys, localVenue, realClock } from './local-venue.ts';

const SPELL: readonly ((word: string) => string)[] = [
  (word) => word,
  (word) => `key%20${encodeURIComponent(`${word}/`)}`,
  (word) => Buffer.from(word).toString('base64'),
  (word) => Buffer.from(`user:${word}:1`).toString('base64url'),
  (word) => Buffer.from(word).toString('hex'),
  (word) => JSON.stringify(JSON.stringify({ word })),
  (word) => [...word].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  (word) => `${'padding '.repeat(36)}${word}`,
  (word) => `Authorization: Bearer ${word}`,
  (word) => `<b>${word.replaceAll('-', '&#45;')}</b>`,
];
/** A third of a word is more than anybody should see of it. */
const pieces = [keys.key, keys.secret].flatMap((word) => {
  const part = word.slice(0, 12);
  return [part, Buffer.from(word).toString('base64').slice(0, 12), Buffer.from(word).toString('hex').slice(0, 20)];
});

it.each(['binance', 'bybit'])(
  '%s: keeps nothing of it',
  async (venue) => {
    let spelled = '';
    let status = 400;
    const intercept = (call: Call, answer: () => Outcome): Outcome => {
      if (spelled === '') return answer();
      const headers = call.headers['x-mbx-apikey'] ?? call.headers['x-bapi-api-key'] ?? '';
      const words = `${spelled} ${String(headers)}`;
      return { status, body: { code: -1102, retCode: 10001, msg: words, retMsg: words, [spelled]: words } };
    };
    const { connector, close } = await localVenue(venue, { server: { intercept } });
    await connector.connect();
    const redact = createRedactor(Object.values(keys));
    const said: string[] = [];
    const sent: AlarmMessage[] = [];
    const desk = new AlarmDesk({
      clock: realClock,
      channels: [{ name: 'test', send: async (message) => void sent.push(message) }],
      redact,
      onFailure: (_, message) => said.push(message),
    });
    for (status of [200, 400, 401, 500])
      for (const word of [keys.key, keys.secret])
        for (const spell of SPELL) {
          spelled = spell(word);
          const order = {
            clientOrderId: 'e-0',
            symbol: 'BTC/USDT',
            side: 'buy',
            type: 'market',
            quantity: '0.01',
          } as const;
          for (const ask of [() => connector.fetchBalances(), () => connector.createOrder(order)]) {
            const error = await ask().then(
              () => null,
              (reason: Error) => reason,
            );
            if (error === null) continue;
            said.push(
              error.message,
              formatLogLine('warn', 'venue-error', 0, { message: error.message, spelled }, redact),
            );
            desk.raise(`code-${said.length}`, { message: error.message, spelled });
          }
        }
    await desk.drain();
    await close();
    expect(said.length).toBeGreaterThan(100);
    expect(sent.length).toBeGreaterThan(50);
    for (const text of [...said, ...sent.map(({ text }) => text)])
      expect(
        pieces.filter((piece) => text.includes(piece)),
        text,
      ).toEqual([]);
  },
  60_000,
);
