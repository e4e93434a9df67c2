/**
 * Both servers of this program in a process that may open 160 files: no request, no connection and no message ends the
 * process or what it does beside, and each is the same afterwards.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

const CHILD = fileURLToPath(new URL('./server-child.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tradernet-servers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let child: ChildProcess;
let url: URL;
let journal: string;
const sockets: Socket[] = [];
let made = 0;

async function start(kind: string): Promise<void> {
  journal = join(folder, `journal-${made++}`);
  const limited = `ulimit -n 160 && exec "$0" "$@"`;
  child = spawn('sh', ['-c', limited, process.execPath, CHILD, kind, journal], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  url = new URL(
    await new Promise<string>((resolve) => createInterface({ input: child.stdout! }).once('line', resolve)),
  );
}
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  child.kill('SIGKILL');
});

/** Lines that were written beside the server in the meantime: none where the process hangs or has no file left. */
async function linesDuring(work: () => Promise<unknown>): Promise<number> {
  const count = () => readFileSync(journal, 'utf8').length;
  await sleep(60);
  const before = count();
  await work();
  await sleep(120);
  expect(child.exitCode).toBeNull();
  return count() - before;
}

function openSocket(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), '127.0.0.1', () => resolve(socket));
    socket.on('error', () => resolve(socket));
    sockets.push(socket);
  });
}

/** Sends bytes as they are; resolves to what comes back until the server closes or, where it may not, for a moment. */
async function sendRaw(text: string, momentMs = 80): Promise<string> {
  const socket = await openSocket();
  let heard = '';
  socket.on('data', (data) => (heard += data));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  if (!socket.destroyed) socket.write(text);
  await Promise.race([closed, ...(momentMs === Infinity ? [] : [sleep(momentMs)])]);
  socket.destroy();
  return heard;
}

function ask(path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: url.port, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject).end();
  });
}

const TOKEN = { authorization: 'Bearer the token' };
const host = 'Host: 127.0.0.1\r\n';
const RAW = [
  `GET // HTTP/1.1\r\n${host}\r\n`,
  `GET //evil.example/ HTTP/1.1\r\n${host}\r\n`,
  `GET http://[ HTTP/1.1\r\n${host}\r\n`,
  `GET http://evil.example/health HTTP/1.1\r\n${host}\r\n`,
  `GET /%ff%00%zz?__proto__=1&constructor=2&%00=%zz HTTP/1.1\r\n${host}\r\n`,
  `GET /api/v3/klines?symbol=BTCUSDT&interval=constructor HTTP/1.1\r\n${host}\r\n`,
  `GET /api/v3/klines?symbol=BTCUSDT&interval=1s HTTP/1.1\r\n${host}\r\n`,
  `GET /api/v3/klines?symbol=BTCUSDT&interval=__proto__&limit=-1e99 HTTP/1.1\r\n${host}\r\n`,
  `GET /api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=-1e308&endTime=1e308&limit=NaN HTTP/1.1\r\n${host}\r\n`,
  `GET /v5/market/kline?symbol=BTCUSDT&interval=toString HTTP/1.1\r\n${host}\r\n`,
  `GET /v5/market/kline?symbol=constructor&interval=1 HTTP/1.1\r\n${host}\r\n`,
  `GET /v5/order/realtime HTTP/1.1\r\n${host}\r\n`,
  `POST /api/v3/order HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\n{"a":`,
  `POST /api/v3/order HTTP/1.1\r\n${host}Content-Length: 99999999999\r\n\r\nx`,
  `POST /v5/order/create HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  `POST /v5/order/create HTTP/1.1\r\n${host}Content-Length: 30000\r\n\r\n${'['.repeat(30_000)}`,
  `BREW / HTTP/1.1\r\n${host}\r\n`,
  `GET / HTTP/9.9\r\n${host}\r\n`,
  `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`,
  `GET / HTTP/1.1\r\n${host}X: ${'y'.repeat(40_000)}\r\n\r\n`,
  `GET / HTTP/1.1\r\n${host}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
  `GET // HTTP/1.1\r\n${host}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  `CONNECT evil.example:80 HTTP/1.1\r\n${host}\r\n`,
  `GET / HTTP/1.1\r\n${host}Expect: 100-continue\r\n\r\n`,
  'GET / HTTP/1.1\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  '\0\0\0\0',
];

describe.each(['status', 'rehearsal'])('the %s server', (kind) => {
  beforeEach(() => start(kind));
  const good = () => (kind === 'status' ? ask('/health', TOKEN) : ask('/rehearsal/clock'));

  it('outlives whatever bytes it is sent', async () => {
    const lines = await linesDuring(async () => {
      for (const text of RAW) await sendRaw(text);
      // A client that goes away before it is answered.
      for (let i = 0; i < 20; i++) (await openSocket()).end(RAW[i]).destroy();
    });
    expect(lines).toBeGreaterThan(20);
    expect(await good()).toBe(200);
  });

  it('answers only to names of this machine, and to no page of another', async () => {
    for (const name of ['evil.example', `evil.example:${url.port}`, '127.0.0.1.evil.example', 'localhost@evil.example'])
      expect(await ask('/health', { ...TOKEN, host: name })).toBe(421);
    expect(await ask('/health', { ...TOKEN, origin: 'http://evil.example' })).toBe(421);
    expect(await good()).toBe(200);
    expect(await sendRaw('GET /health HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n', Infinity)).toMatch(
      kind === 'status' ? /^HTTP\/1.1 401/ : /^HTTP\/1.1 404/,
    );
  });

  it('leaves files to others while 400 clients connect and say nothing', async () => {
    const lines = await linesDuring(async () => {
      await Promise.race([Promise.all(Array.from({ length: 400 }, openSocket)), sleep(1_500)]);
      for (const socket of sockets) if (!socket.destroyed) socket.write('GET /health HTTP/1.1\r\nHost: 127.0');
      await sleep(300);
    });
    expect(lines).toBeGreaterThan(10);
    for (const socket of sockets.splice(0)) socket.destroy();
    await sleep(200);
    expect(await good()).toBe(200);
  });

  it('lets go of those that never finish, and serves the next', async () => {
    for (let i = 0; i < 90; i++) await openSocket();
    for (let i = 0; ; i++) {
      const code = await good().catch(() => 0);
      if (code === 200) break;
      expect(i).toBeLessThan(150);
      await sleep(100);
    }
  }, 30_000);
});

describe('the rehearsal stream', () => {
  beforeEach(() => start('rehearsal'));

  const say = async (path: string, messages: readonly (string | Buffer)[]): Promise<WebSocket> => {
    const client = new WebSocket(`ws://127.0.0.1:${url.port}${path}`);
    client.on('error', () => {});
    await new Promise((resolve) => client.once('open', resolve).once('close', resolve));
    for (const message of messages) if (client.readyState === WebSocket.OPEN) client.send(message);
    return client;
  };

  it('outlives whatever it hears', async () => {
    const topics = ['kline.constructor.BTCUSDT', 'kline.__proto__.BTCUSDT', 'kline.1.constructor', 'kline.D.BTCUSDT'];
    const bybit = (args: unknown) => JSON.stringify({ op: 'subscribe', args });
    const binance = (params: unknown) => JSON.stringify({ method: 'SUBSCRIBE', params, id: 1 });
    const names = [
      'btcusdt@kline_1s',
      'btcusdt@kline_constructor',
      'constructor@kline_1m',
      'btcusdt',
      '@',
      '',
      '__proto__',
    ];
    const junk = ['[', 'null', '[]', '"x"', '1', '{}', '{"op":{}}', '['.repeat(50_000), Buffer.from([0xff, 0xfe]), ''];
    const lines = await linesDuring(async () => {
      for (const [path, messages] of [
        [
          '/v5/public/spot',
          [...topics.map((topic) => bybit([topic])), bybit('x'), bybit(null), bybit([[[]], {}]), ...junk],
        ],
        ['/stream', [...names.map((name) => binance([name])), binance({}), binance([null, 1]), ...junk]],
        ['/nowhere', ['x']],
        ['/v5/public/spot', ['x'.repeat(200_000)]],
        ['/v5/public/spot', Array.from({ length: 300 }, (_, i) => bybit([`kline.1.BTCUSDT${i % 2 ? '' : ' '}`]))],
      ] as const) {
        const client = await say(path, messages);
        await sleep(150);
        client.terminate();
      }
    });
    expect(lines).toBeGreaterThan(20);
    // And a good client gets its candles.
    const client = await say('/v5/public/spot', [bybit(['kline.1.BTCUSDT'])]);
    const heard = await new Promise<string>((resolve) =>
      client.on('message', (data) => String(data).includes('"topic"') && resolve(String(data))),
    );
    expect(JSON.parse(heard)).toMatchObject({ topic: 'kline.1.BTCUSDT' });
    client.terminate();
  });

  it('takes no page of another site for a client', async () => {
    const client = new WebSocket(`ws://127.0.0.1:${url.port}/v5/public/spot`, { origin: 'http://evil.example' });
    const opened = await new Promise<boolean>((resolve) =>
      client.once('open', () => resolve(true)).once('error', () => resolve(false)),
    );
    expect(opened).toBe(false);
  });
});
