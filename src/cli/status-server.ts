import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BotStatus } from '../bot/status.ts';
import { InputError } from '../core/errors.ts';

/** Compared as hashes of one length, so that the time it takes tells nothing of the token. */
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Serves /health and /metrics on 127.0.0.1 to whoever shows the token. Returns the port and what closes it. */
export async function serveStatus(
  status: BotStatus,
  port: number,
  token: string,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const wanted = hash(`Bearer ${token}`);
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const answer = (code: number, type: string, body: string) =>
      response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    if (request.method !== 'GET') return answer(405, 'text/plain', 'GET only\n');
    if (!timingSafeEqual(hash(request.headers.authorization ?? ''), wanted))
      return answer(401, 'text/plain', 'a token is needed\n');
    // Thrown here, an error would end the process, and the bot with it.
    try {
      if (path === '/metrics') return answer(200, 'text/plain; version=0.0.4', status.metrics());
      if (path !== '/health') return answer(404, 'text/plain', 'there are /health and /metrics\n');
      const { healthy, text } = status.health();
      return answer(healthy ? 200 : 503, 'application/json', text);
    } catch {
      return answer(500, 'text/plain', "the bot's status can't be told\n");
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new InputError(`port ${port} is in use; give another with --set bot.statusPort=N, or 0 for none`)
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
