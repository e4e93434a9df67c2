/** Raw bytes and socket messages to both servers. After whatever they heard they must answer a good request. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { serveStatus } from '../../src/cli/status-server.ts';
import type { Rng } from '../../src/core/rng.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { startRehearsal } from '../../src/rehearsal/start.ts';
import { realClock } from '../../test/exchange/local-venue.ts';
import { chance, deep, mutateBytes, mutateJsonText, pick } from './mutate.ts';
import type { Outcome, Surface } from './surface.ts';

const PATHS = [
  ...[
    '/health',
    '/metrics',
    '/',
    '//',
    '//x/y',
    '/..',
    '/%ff',
    '/api/v3/klines',
    '/api/v3/order',
    '/api/v3/account',
    '/api/v3/myTrades',
  ],
  ...[
    '/v5/market/kline',
    '/v5/order/create',
    '/v5/order/realtime',
    '/v5/execution/list',
    '/stream',
    '/rehearsal/clock',
    '/rehearsal/report',
  ],
];
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  symbol: ['BTCUSDT', 'constructor', '__proto__', '', 'btcusdt'],
  interval: ['1m', '1', 'D', '1s', 'constructor', '__proto__', ''],
  limit: ['1', '1e9', '-1', 'NaN', 'x'],
  startTime: ['0', '1e308', '-1e308', 'x'],
  endTime: ['0', '1e308', 'x'],
  start: ['0', '-1e9', 'x'],
  quantity: ['1', 'x', '', '1e400', '-1'],
  type: ['MARKET', 'constructor', 'toString'],
  category: ['spot', '__proto__'],
  __proto__x: ['1'],
};

function makeRequest(rng: Rng): Uint8Array {
  const query = Object.entries(FIELDS)
    .filter(() => chance(rng, 0.3))
    .map(([name, values]) => `${name}=${pick(rng, values)}`)
    .join('&');
  const method = pick(rng, ['GET', 'GET', 'GET', 'POST', 'DELETE', 'PUT', 'OPTIONS', 'CONNECT', 'BREW']);
  const host = pick(rng, ['127.0.0.1', '127.0.0.1', 'localhost:1', 'evil.example', '', '[::1]']);
  const key = chance(rng, 0.5) ? 'x-mbx-apikey: k\r\nx-bapi-api-key: k\r\nauthorization: Bearer the token\r\n' : '';
  const body =
    method === 'POST'
      ? pick(rng, [
          '{}',
          query,
          deep(200),
          mutateJsonText({ symbol: 'BTCUSDT', side: 'Buy', qty: '1' }, rng).slice(0, 20_000),
        ])
      : '';
  const length = chance(rng, 0.9) ? Buffer.byteLength(body) : pick(rng, [0, 5, 1e9]);
  const head = `${method} ${pick(rng, PATHS)}${query === '' ? '' : `?${query}`} HTTP/1.${pick(rng, ['1', '1', '0', '9'])}\r\nHost: ${host}\r\n${key}Connection: close\r\nContent-Length: ${length}\r\n\r\n`;
  const bytes = new TextEncoder().encode(head + body);
  return chance(rng, 0.4) ? mutateBytes(bytes, rng) : bytes;
}

/** Resolves to whether anything came back before the server closed or a moment had passed. */
function send(port: number, bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    let heard = false;
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(heard);
    };
    const timer = setTimeout(end, 60);
    socket.on('data', () => {
      heard = true;
    });
    socket.on('close', end).on('error', end);
  });
}

function ask(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    request(url, { headers, agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('timeout', () => resolve(-1))
      .on('error', () => resolve(0))
      .end();
  });
}

const TOPICS = [
  'kline.1.BTCUSDT',
  'kline.constructor.BTCUSDT',
  'kline.D.BTCUSDT',
  'kline.1.__proto__',
  'btcusdt@kline_1m',
  'btcusdt@kline_1s',
  '@',
  '',
];

function listen(port: number, rng: Rng): Promise<boolean> {
  return new Promise((resolve) => {
    const path = pick(rng, ['/v5/public/spot', '/stream', '/ws', '/x']);
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { handshakeTimeout: 1_000 });
    let heard = false;
    const end = () => {
      clearTimeout(timer);
      client.terminate();
      resolve(heard);
    };
    const timer = setTimeout(end, 80);
    client.on('error', () => {}).on('close', end);
    client.on('message', () => {
      heard = true;
    });
    client.on('open', () => {
      for (let i = 1 + rng.integer(4); i > 0; i--) {
        const topics = [pick(rng, TOPICS), pick(rng, TOPICS)];
        const message =
          path === '/stream' ? { method: 'SUBSCRIBE', params: topics, id: 1 } : { op: 'subscribe', args: topics };
        const text = mutateJsonText(message, rng).slice(0, 100_000);
        client.send(chance(rng, 0.1) ? Buffer.from(text) : text);
      }
    });
  });
}

/** One server, and a good request to it. */
function attack(url: string, path: string, headers: Record<string, string>, sockets: boolean) {
  const port = Number(new URL(url).port);
  let count = 0;
  return async (rng: Rng): Promise<Outcome> => {
    const heard = sockets && chance(rng, 0.15) ? await listen(port, rng) : await send(port, makeRequest(rng));
    if (count++ % 20 === 0) {
      const code = await ask(`${url}${path}`, headers);
      if (code !== 200) return { wrong: `a good request got ${code}` };
    }
    return heard ? 'taken' : 'refused';
  };
}

export const status: Surface = {
  name: 'status',
  about: 'raw bytes to the status pages; wrong: a good request that is not answered afterwards',
  inputs: 4_000,
  async open() {
    const pages = { health: () => ({ healthy: true, text: '{}\n' }), metrics: () => 'up 1\n' };
    const { port, close } = await serveStatus(pages, 0, 'the token');
    return {
      attempt: attack(`http://127.0.0.1:${port}`, '/health', { authorization: 'Bearer the token' }, false),
      close,
    };
  },
};

export const rehearsal: Surface = {
  name: 'rehearsal',
  about: 'raw bytes and socket messages to the rehearsal venue; wrong: a good request that is not answered afterwards',
  inputs: 800,
  async open() {
    const { series } = synthesize({ bars: 3_000, seed: 1, symbol: 'BTC/USDT', timeframeMs: 60_000, trends: false });
    const { server, url } = await startRehearsal({
      ...{ series: [series], real: realClock, startMs: series.timeMs[2_000], endMs: series.timeMs[2_990], speed: 1 },
      ...{ seed: 1, faults: 0, keys: { key: 'k', secret: 's' }, quoteBalance: '1000', feeRate: '0', feeIn: 'quote' },
    });
    return { attempt: attack(url, '/rehearsal/clock', {}, true), close: () => server.stop() };
  },
};
