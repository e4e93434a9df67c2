/**
 * The dashboard's server, on 127.0.0.1 for whoever shows the token: the built page, what runs, bots and the store hold,
 * and the few commands of `commands.ts`. Whatever is asked, the process goes on (`net/local-server.ts`): connections,
 * headers, bodies and time have limits.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fastify } from 'fastify';
import type { Clock } from '../core/clock.ts';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import { CandleStore, MARKET_DATABASE } from '../market/store.ts';
import { closeServer, createLocalServer, listenLocally } from '../net/local-server.ts';
import { describeBot } from './bot-detail.ts';
import { BotReader } from './bot-rows.ts';
import { readCommand } from './commands.ts';
import { listData, loadCandles } from './data-rows.ts';
import { EventStream } from './events.ts';
import { Jobs } from './jobs.ts';
import { readPage } from './page-files.ts';
import { Replays } from './replays.ts';
import { RunReader } from './run-rows.ts';
import { MOST_UPLOAD_BYTES, Uploads } from './uploads.ts';

const MOST_CONNECTIONS = 256;
const MOST_LISTENERS = 64;
const MOST_BODY_BYTES = 64 * 1024;

/** The page fetches from nowhere else, runs nothing that isn't a file of its own, and stands in no frame. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Isolated, so that the page's kernels may share memory.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

export interface DashboardOptions {
  readonly files: FileSystem;
  /** Folder that `files` reads. */
  readonly storage: string;
  readonly clock: Clock;
  readonly token: string;
  readonly port: number;
  readonly version: string;
  /** Folder of the built page. */
  readonly page: string;
  /** The command line's entry file, and what its commands are run with. */
  readonly entry: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A command to start with; null for none. */
  readonly firstJob: readonly string[] | null;
}

/** Compared as hashes of one length, so that the time it takes tells nothing of the token. */
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Serves until it is closed. Returns the port and what closes it. @throws InputError where the port is taken */
export async function serveDashboard(
  options: DashboardOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { files, storage, clock, token, version } = options;
  const runs = new RunReader(files, storage);
  const bots = new BotReader(files, storage);
  const jobs = new Jobs(options);
  const events = new EventStream({ runs, bots: () => bots.list(), jobs: () => jobs.list(), clock, version });
  const uploads = new Uploads();
  const replays = new Replays(storage);
  const page = readPage(options.page);
  const openStore = () => CandleStore.open(join(storage, MARKET_DATABASE));
  const wanted = hash(`Bearer ${token}`);

  const app = fastify({
    bodyLimit: MOST_BODY_BYTES,
    routerOptions: { maxParamLength: 200 },
    // Fastify's own server knows no Host and no limits of ours.
    serverFactory: (handle) =>
      createLocalServer((request: IncomingMessage, response: ServerResponse) => {
        handle(request, response);
      }, MOST_CONNECTIONS),
  });

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    if (!request.url.startsWith('/api/')) return;
    reply.header('cache-control', 'no-store');
    if (!timingSafeEqual(hash(request.headers.authorization ?? ''), wanted))
      return reply.code(401).send({ error: 'This page needs the token that `tradernet dashboard` printed.' });
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => {
    const code = error instanceof InputError ? 404 : (error.statusCode ?? 500);
    const said = code < 500 ? error.message : `this went wrong on our side: ${error.message}`;
    return reply.code(code).send({ error: said });
  });
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'there is nothing here' }));

  app.get('/api/runs', async () => runs.list());
  app.get<{ Params: { name: string } }>('/api/runs/:name', async ({ params }) => runs.detail(params.name));
  app.get<{ Params: { name: string; result: string } }>('/api/runs/:name/bars/:result', async ({ params }) => {
    const bars = runs.bars(params.name, params.result);
    if (bars === null) throw new InputError(`${params.name} has no bars of ${params.result}`);
    return bars;
  });
  app.get<{ Params: { name: string; result: string } }>('/api/runs/:name/replay/:result', async ({ params }, reply) => {
    const { name, result } = params;
    const outcome = runs.row(name).outcomes.find((one) => one.result === result);
    if (outcome === undefined) throw new InputError(`${name} has no finished evaluation ${result}`);
    const bytes = await replays.get(name, result, JSON.stringify(outcome));
    return reply.type('application/octet-stream').send(bytes);
  });
  app.get('/api/bots', async () => bots.list());
  app.get<{ Params: { name: string } }>('/api/bots/:name', async ({ params }) => {
    if (!bots.names().includes(params.name)) throw new InputError(`there is no bot '${params.name}'`);
    return describeBot(bots.read(params.name));
  });
  app.get('/api/data', async () => {
    using store = openStore();
    return listData(store);
  });
  app.get<{ Querystring: Record<string, string | undefined> }>('/api/data/candles', async ({ query }) => {
    const { venue = '', symbol = '', timeframeMs, fromMs, toMs } = query;
    using store = openStore();
    const span = [fromMs, toMs].map((text) =>
      text === undefined || !Number.isFinite(Number(text)) ? undefined : Number(text),
    );
    return loadCandles(store, { venue, symbol, timeframeMs: Number(timeframeMs) || 0 }, ...span);
  });
  app.addContentTypeParser('application/octet-stream', { bodyLimit: MOST_UPLOAD_BYTES }, (_, payload, done) =>
    done(null, payload),
  );
  app.post<{ Querystring: { name?: string }; Body: Readable }>(
    '/api/data/file',
    { bodyLimit: MOST_UPLOAD_BYTES },
    async ({ query, body }, reply) => {
      if (!(body instanceof Readable))
        return reply.code(415).send({ error: 'send the file as application/octet-stream' });
      return { file: await uploads.take(query.name ?? 'file', body) };
    },
  );
  app.get('/api/jobs', async () => jobs.list());
  app.post('/api/commands', async ({ body }, reply) => {
    const read = readCommand(body);
    if ('fault' in read) return reply.code(400).send({ error: read.fault });
    const started = jobs.start(
      read.command,
      read.args.map((word) => uploads.resolve(word)),
    );
    if (started === null) return reply.code(429).send({ error: 'too much is running; wait until something ended' });
    return read.waits ? started.done : { id: started.id };
  });
  app.post<{ Params: { id: string } }>('/api/jobs/:id/stop', async ({ params }) => ({
    stopped: jobs.stop(Number(params.id)),
  }));
  app.get('/api/events', (_, reply) => {
    if (events.clients >= MOST_LISTENERS) return reply.code(429).send({ error: 'too many pages listen' });
    reply.hijack();
    events.add(reply.raw);
  });
  app.get('/*', async (request, reply) => {
    const path = request.url.split('?')[0];
    const file = page.get(path === '/' ? '/index.html' : path);
    if (file === undefined) return reply.callNotFound();
    reply
      .header('content-type', file.type)
      .header('cache-control', file.isForever ? 'max-age=31536000, immutable' : 'no-store');
    const packs = /\bbr\b/.test(String(request.headers['accept-encoding'] ?? ''));
    if (file.brotli === null || !packs) return reply.send(file.bytes);
    return reply.header('content-encoding', 'br').header('vary', 'accept-encoding').send(file.brotli);
  });

  await app.ready();
  const port = await listenLocally(app.server, options.port, 'give another with --port N');
  if (options.firstJob !== null) jobs.start(options.firstJob[0], options.firstJob);
  return {
    port,
    async close() {
      events.close();
      await jobs.close();
      await closeServer(app.server);
      uploads.close();
    },
  };
}
