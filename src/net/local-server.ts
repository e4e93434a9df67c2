/**
 * HTTP servers on 127.0.0.1, for this machine alone. Whatever is asked, the process goes on: a handler that throws is a
 * 500, and connections, headers, bodies and time have limits, so that a client which only connects takes no file of
 * ours that a journal needs. A name in `Host` that isn't this machine's is refused: a web page that had its own name
 * point here (DNS rebinding) reads nothing.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InputError } from '../core/errors.ts';

const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
const IDLE_MS = 5_000;
const MOST_HEADER_BYTES = 16_384;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** @param connections at a time; more are closed as they come */
export function createLocalServer(handle: Handler, connections: number): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: MOST_HEADER_BYTES,
    },
    (request, response) => {
      if (!isForThisMachine(request)) return answer(response, 421, 'this server answers to 127.0.0.1 and localhost\n');
      // A client that goes away in the middle is its own business.
      request.on('error', () => {});
      response.on('error', () => {});
      new Promise<void>((resolve) => resolve(handle(request, response))).catch(() => {
        if (response.headersSent) response.destroy();
        else answer(response, 500, 'this went wrong on our side\n');
      });
    },
  );
  server.maxConnections = connections;
  server.on('clientError', (_, socket) => socket.destroy());
  return server;
}

/** Whether the client called us by a name of this machine, and no web page sent it. */
export function isForThisMachine({ headers }: IncomingMessage): boolean {
  const isLocal = (host: string) => /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host);
  if (headers.host === undefined || !isLocal(headers.host)) return false;
  return headers.origin === undefined || isLocal(headers.origin.replace(/^https?:\/\//, ''));
}

export function answer(response: ServerResponse, code: number, text: string, type = 'text/plain'): void {
  response.writeHead(code, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

/** The body as text; null where it is longer than `limit` bytes or breaks off. */
export async function readBody(request: IncomingMessage, limit: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) return null;
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The path and query of a request, whatever a client wrote in its first line; null for what is none. */
export function urlOf(request: IncomingMessage): URL | null {
  const text = request.url ?? '/';
  // '//host/path' would be another machine's address.
  return text.startsWith('/') && !text.startsWith('//') ? URL.parse(text, 'http://127.0.0.1') : null;
}

/** Listens on 127.0.0.1 and resolves to the port. @throws InputError with `advice` where the port is taken */
export async function listenLocally(server: Server, port: number, advice: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      reject(taken ? new InputError(`port ${port} can't be used (${error.code}); ${advice}`) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  // Later ones (no file left for a connection) must not end the process; the client is told by its silence.
  server.on('error', () => {});
  return (server.address() as AddressInfo).port;
}

export function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
