/** Bodies that never come to an end, over real sockets. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { fetchWhole } from '../../src/exchange/whole-fetch.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const ask = async (answer: (response: ServerResponse) => void, init: RequestInit = {}) =>
  (await fetchWhole(300)(await serve(answer), init)).text();

it('passes on what is whole, compressed or not', async () => {
  const text = JSON.stringify({ price: '1.5', name: 'ä'.repeat(50_000) });
  expect(await ask((response) => response.end(text))).toBe(text);
  const compressed = await ask((response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(gzipSync(text));
  });
  expect(compressed).toBe(text);
});

it.each<[string, (response: ServerResponse) => void]>([
  ['no headers', () => {}],
  ['headers and nothing else', (response) => void response.writeHead(200).flushHeaders()],
  ['half a body', (response) => void response.writeHead(200, { 'content-length': '100' }).write('{"a":')],
  [
    'a body that trickles',
    (response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    },
  ],
  [
    'a compressed body that is cut',
    (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.write(gzipSync('x'.repeat(10_000)).subarray(0, 30));
    },
  ],
  [
    'a compressed body whose connection is reset',
    (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.write(gzipSync('x'.repeat(10_000)).subarray(0, 30), () => response.socket?.resetAndDestroy());
    },
  ],
])('%s ends in an error, in time', async (_name, answer) => {
  await expect(ask(answer)).rejects.toThrow();
});

it('a caller that gives up is heard while the body is read', async () => {
  const stop = new AbortController();
  const url = await serve((response) => void response.writeHead(200).write('{'));
  const reading = fetchWhole(60_000)(url, { signal: stop.signal });
  setTimeout(() => stop.abort(new Error('enough')), 50);
  await expect(reading).rejects.toThrow();
});

it('a redirect is followed nowhere', async () => {
  const moved = (response: ServerResponse) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  await expect(ask(moved)).rejects.toThrow();
});
