import { createHash, timingSafeEqual } from 'node:crypto';
import type { BotStatus } from '../bot/status.ts';
import { answer, closeServer, createLocalServer, listenLocally, urlOf } from '../net/local-server.ts';

/** A scraper and a person; each connection is a file that the journal can't have. */
const MOST_CONNECTIONS = 16;

/** Compared as hashes of one length, so that the time it takes tells nothing of the token. */
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Serves /health and /metrics on 127.0.0.1 to whoever shows the token. Returns the port and what closes it. */
export async function serveStatus(
  status: Pick<BotStatus, 'health' | 'metrics'>,
  port: number,
  token: string,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const wanted = hash(`Bearer ${token}`);
  const server = createLocalServer((request, response) => {
    if (request.method !== 'GET') return answer(response, 405, 'GET only\n');
    if (!timingSafeEqual(hash(request.headers.authorization ?? ''), wanted))
      return answer(response, 401, 'a token is needed\n');
    const path = urlOf(request)?.pathname;
    if (path === '/metrics') return answer(response, 200, status.metrics(), 'text/plain; version=0.0.4');
    if (path !== '/health') return answer(response, 404, 'there are /health and /metrics\n');
    const { healthy, text } = status.health();
    answer(response, healthy ? 200 : 503, text, 'application/json');
  }, MOST_CONNECTIONS);
  const taken = await listenLocally(server, port, 'give another with --set bot.statusPort=N, or 0 for none');
  return { port: taken, close: () => closeServer(server) };
}
