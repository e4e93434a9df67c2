/** The dashboard's server: who may ask, what may be asked, and that it goes on whatever was. */
import { request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND_ROWS, readCommand } from '../../src/dashboard/commands.ts';
import { SLOW } from '../effort.ts';
import { makeWorld, TOKEN, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await makeWorld({ empty: true, page: false });
}, SLOW.timeout);
afterAll(() => world.close());

interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** As any client can ask, any header and path included; fetch would mend them. */
function call(
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: world.port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const authorization = `Bearer ${TOKEN}`;
const json = 'application/json';

describe('who may ask', () => {
  it.each(['/api/runs', '/api/bots', '/api/data', '/api/jobs', '/api/events', '/api/nothing'])(
    '%s needs the token',
    async (path) => {
      for (const headers of [
        {},
        { authorization: 'Bearer wrong' },
        { authorization: TOKEN },
        { cookie: `token=${TOKEN}` },
      ])
        expect((await call(path, { headers: headers as Record<string, string> })).code, JSON.stringify(headers)).toBe(
          401,
        );
      expect((await call(`${path}?token=${TOKEN}`)).code).toBe(401);
    },
  );

  it('commands need the token too, and are not done without', async () => {
    const body = JSON.stringify({ command: 'train', agent: 'ppo', symbol: 'X', venue: 'csv', timeframe: '1h' });
    expect((await call('/api/commands', { method: 'POST', body, headers: { 'content-type': json } })).code).toBe(401);
    expect((await call('/api/jobs', { headers: { authorization } })).text).toBe('[]');
  });

  it.each(['evil.example', 'evil.example:80', '192.168.0.7', 'localhost.evil.example'])(
    'a Host of %j is refused',
    async (host) => {
      expect((await call('/api/runs', { headers: { authorization, host } })).code).toBe(421);
    },
  );

  it('a page of another origin is refused', async () => {
    expect((await call('/api/runs', { headers: { authorization, origin: 'http://evil.example' } })).code).toBe(421);
  });

  it('who shows the token is answered, in JSON that nobody keeps', async () => {
    const { code, headers, text } = await call('/api/runs', { headers: { authorization } });
    expect({ code, text }).toEqual({ code: 200, text: '[]' });
    expect(headers['cache-control']).toBe('no-store');
  });
});

it('every answer forbids frames, other sources and scripts that are no file of the page', async () => {
  for (const path of ['/', '/api/runs', '/nothing']) {
    const { headers } = await call(path);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')|https?:|\*/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  }
});

describe('what may be done', () => {
  it('is a few commands, none of which opens a position, resets a halt or changes a setting', () => {
    const first = new Set(Object.keys(COMMAND_ROWS));
    for (const forbidden of ['live', 'paper', 'reset', 'config', 'adopt', 'rehearse'])
      expect(first).not.toContain(forbidden);
  });

  it('no value becomes another argument, whatever is sent', () => {
    const flags = new Set([
      '--journal',
      '--reason',
      '--agent',
      '--symbol',
      '--venue',
      '--timeframe',
      '--seed',
      '--seeds',
    ]);
    for (const more of [
      '--steps',
      '--resume',
      '--checkpoint',
      '--shield',
      '--no-counterfactuals',
      '--yes',
      '--policy',
      '--dry-run',
    ])
      flags.add(more);
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('--force', '-x', '../..', 'a\nb', 'BTC/USDT', 'ppo', '1h', '--set', 'x --set y'),
    );
    const body = fc.record(
      {
        command: fc.oneof(fc.constantFrom(...Object.keys(COMMAND_ROWS)), text),
        ...{
          bot: text,
          run: text,
          typed: text,
          reason: text,
          agent: text,
          symbol: text,
          venue: text,
          timeframe: text,
          shield: text,
        },
        ...{ seeds: fc.integer(), seed: fc.integer(), steps: fc.option(fc.integer()) },
      },
      { requiredKeys: ['command'] },
    );
    fc.assert(
      fc.property(fc.oneof(body, fc.anything()), (given) => {
        const read = readCommand(given);
        if ('fault' in read) expect(read.fault).not.toContain('\n');
        else for (const word of read.args.slice(1)) if (word.startsWith('-')) expect(flags).toContain(word);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    [{ command: 'halt', bot: 'a', typed: 'b' }, "type the name 'a'"],
    [{ command: 'halt', bot: 'a' }, 'typed'],
    [{ command: 'live', checkpoint: 'x' }, 'there is no such command'],
    [{ command: 'toString' }, 'there is no such command'],
    [{ command: 'train', agent: 'ppo', symbol: 'X', venue: 'csv', timeframe: '1h', set: 'bot.live=true' }, 'set'],
    [{ command: 'delete', run: '../other', typed: '../other' }, 'is no name'],
    [[], 'there is no such command'],
  ])('%j is refused in one line', async (body, said) => {
    const answer = await call('/api/commands', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { authorization, 'content-type': json },
    });
    expect(answer.code).toBe(400);
    expect(JSON.parse(answer.text).error).toContain(said);
    expect((await call('/api/jobs', { headers: { authorization } })).text).toBe('[]');
  });
});

describe('a hostile client', () => {
  const send = (bytes: string | Buffer): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      const socket = connect(world.port, '127.0.0.1', () => socket.end(bytes));
      socket.on('data', (part) => {
        text += part;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });
  const alive = async () => expect((await call('/api/runs', { headers: { authorization } })).code).toBe(200);

  it.each([
    ['/../package.json', 404],
    ['/%2e%2e/%2e%2e/etc/passwd', 404],
    ['/assets/../../package.json', 404],
    ['//evil.example/x', 404],
    ['/api/runs/..%2f..%2f..%2fetc', 404],
    ['/api/runs/%00', 404],
    [`/api/runs/${'x'.repeat(5_000)}`, 404],
    ['/api/runs/a/bars/..%2f..%2fregistration', 404],
    ['/api/runs/a/replay/b', 404],
    ['/api/bots/__proto__', 404],
    ['/api/data/candles?venue=a&symbol=%ff&timeframeMs=NaN&fromMs=1e999', 404],
    ['/api/jobs/0/stop', 404],
    ['/%', 400],
  ])('%s is answered %i', async (path, code) => {
    const answer = await call(path, { headers: { authorization } });
    expect(answer.code).toBe(code);
    expect(answer.text).not.toMatch(/at .*\.ts:\d+|root:/);
    await alive();
  });

  it('garbage, half a request, a body without an end, headers without an end', async () => {
    for (const bytes of [
      'GET',
      '\0\x01\x02\xff'.repeat(50),
      'GET / HTTP/9.9\r\n\r\n',
      'POST /api/commands HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n{',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
      Buffer.alloc(70_000, 10),
    ])
      await send(bytes);
    await alive();
  });

  it('bodies that are too long, no JSON, of another type, deep, or of two lengths', async () => {
    const post = (body: string, type = json) =>
      call('/api/commands', { method: 'POST', body, headers: { authorization, 'content-type': type } });
    expect((await post('x'.repeat(200_000))).code).toBe(413);
    expect((await post('{')).code).toBe(400);
    expect((await post('<a/>', 'text/xml')).code).toBe(415);
    expect((await post('['.repeat(20_000))).code).toBe(400);
    expect((await post('{"__proto__":{"command":"train"}}')).code).toBe(400);
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      expect((await call('/api/runs', { method, headers: { authorization } })).code).toBe(404);
    await alive();
  });

  it('three hundred connections that say nothing leave it answering once they are gone', async () => {
    const sockets = Array.from({ length: 300 }, () => connect(world.port, '127.0.0.1').on('error', () => {}));
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const socket of sockets) socket.destroy();
    await alive();
  });

  it('listeners that never read, and leave', async () => {
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connect(world.port, '127.0.0.1').on('error', () => {});
      socket.write(`GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n\r\n`);
      return socket.pause();
    });
    await alive();
    for (const socket of sockets) socket.destroy();
    await alive();
  });
});
