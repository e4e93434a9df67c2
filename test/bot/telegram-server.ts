/** A server of Telegram's Bot API, as https://core.telegram.org/bots/api describes it, for what a bot of ours uses. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const TOKEN = '123456:AAtelegram-token-of-the-tests';

interface Update {
  readonly update_id: number;
  readonly message: object;
}

export async function startTelegram() {
  const updates: Update[] = [];
  const sent: { readonly chat_id: string; readonly text: string }[] = [];
  const refusals: { readonly status: number; readonly retryAfterS?: number }[] = [];
  const waiting = new Set<() => void>();
  let next = 700;

  const read = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
    let body = '';
    for await (const part of request) body += part;
    return body === '' ? {} : JSON.parse(body);
  };
  const reply = (response: ServerResponse, status: number, body: object) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const fail = (response: ServerResponse, status: number, description: string, parameters?: object) =>
    reply(response, status, { ok: false, error_code: status, description, ...(parameters ? { parameters } : {}) });

  async function getUpdates(fields: Record<string, unknown>, response: ServerResponse): Promise<void> {
    const offset = Number(fields.offset ?? 0);
    // An update is confirmed as soon as getUpdates is called with a higher offset.
    while (updates.length > 0 && updates[0].update_id < offset) updates.shift();
    if (updates.length === 0 && Number(fields.timeout ?? 0) > 0) {
      await new Promise<void>((done) => {
        waiting.add(done);
        response.on('close', done);
      });
    }
    reply(response, 200, { ok: true, result: updates });
  }

  const server = createServer(async (request, response) => {
    const fields = await read(request);
    const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? '') ?? [];
    if (token !== TOKEN) return fail(response, 401, 'Unauthorized');
    if (method === 'getUpdates') return getUpdates(fields, response);
    if (method !== 'sendMessage') return fail(response, 404, 'Not Found');
    const refusal = refusals.shift();
    if (refusal !== undefined) {
      const { status, retryAfterS } = refusal;
      return fail(response, status, 'Too Many Requests', retryAfterS ? { retry_after: retryAfterS } : undefined);
    }
    const text = String(fields.text ?? '');
    if (text === '') return fail(response, 400, 'Bad Request: message text is empty');
    if (text.length > 4096) return fail(response, 400, 'Bad Request: message is too long');
    sent.push({ chat_id: String(fields.chat_id), text });
    reply(response, 200, { ok: true, result: { message_id: sent.length } });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    token: TOKEN,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    refusals,
    /** A person writes in a chat. */
    write(chat: number, text: string, atMs: number, username = 'ada'): void {
      const from = { id: 5, is_bot: false, first_name: 'Ada', username };
      const message = {
        message_id: next,
        from,
        chat: { id: chat, type: 'private' },
        date: Math.floor(atMs / 1000),
        text,
      };
      updates.push({ update_id: next++, message });
      for (const wake of waiting) wake();
      waiting.clear();
    },
    stop(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}
