/**
 * An exchange behind a dialect, on 127.0.0.1. A dialect is what a venue documents of its REST API: paths, names of
 * fields, signatures, error codes. What goes wrong on the way, and how often one may ask, is the same for all of them.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type BodyTrouble, sendBody } from './bodies.ts';
import { type HostileExchange, type Order, type OrderView, Refusal, type Rules, type Trade } from './exchange.ts';
import type { Bar } from './market-path.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  /** As it came, without the question mark. */
  readonly search: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  /** The venue's time. */
  readonly nowMs: number;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

/** What a dialect answers instead of what was asked for. */
export class Refused extends Error {
  readonly reply: Reply;

  constructor(status: number, body: unknown, headers: Record<string, string> = {}) {
    super(JSON.stringify(body));
    this.reply = { status, body, headers };
  }
}

export interface Dialect {
  isPrivate(call: Call): boolean;
  /** Whether the call is a new order. */
  isOrder(call: Call): boolean;
  /** @throws Refused, or Refusal as the exchange words it */
  answer(call: Call): unknown;
  /** How the venue words a refusal of the exchange. */
  word(refusal: Refusal, call: Call): Reply;
  /** For whom asks too often. */
  tooMany(seconds: number): Reply;
  /** During maintenance. */
  down(): Reply;
}

export interface DialectServerOptions {
  readonly exchange: HostileExchange;
  readonly dialect: Dialect;
  readonly nowMs: () => number;
  readonly mistreat?: (method: string, path: string, nowMs: number) => BodyTrouble | null;
  /** So many requests in so long, public and private each; none unless given. */
  readonly limit?: { readonly requests: number; readonly perMs: number };
}

export class DialectServer {
  readonly #options: DialectServerOptions;
  readonly #server = createServer((request, response) => this.#onRequest(request, response));
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #asked: Record<'public' | 'private', number[]> = { public: [], private: [] };
  /** Every request that came in: `GET /0/public/Time`. */
  readonly seen: string[] = [];

  constructor(options: DialectServerOptions) {
    this.#options = options;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
  }

  /** @returns `http://127.0.0.1:PORT` */
  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    request.setEncoding('utf8');
    for await (const part of request) body += part;
    const { nowMs, mistreat } = this.#options;
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const call: Call = {
      ...{ method: request.method ?? 'GET', path: url.pathname, search: url.search.slice(1), query: url.searchParams },
      ...{ body, headers: request.headers, nowMs: nowMs() },
    };
    this.seen.push(`${call.method} ${call.path}`);
    const reply = this.#reply(call);
    if (reply === 'hang') return;
    if (reply === 'cut') {
      request.socket.destroy();
      return;
    }
    const headers = { 'content-type': 'application/json', ...reply.headers };
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    const trouble = mistreat?.(call.method, call.path, call.nowMs) ?? null;
    sendBody(response, { status: reply.status, headers, body: text }, trouble, this.#timers);
  }

  #reply(call: Call): Reply | 'hang' | 'cut' {
    const { dialect, exchange } = this.#options;
    const { troubles } = exchange;
    const { nowMs } = call;
    const isPrivate = dialect.isPrivate(call);
    const isOrder = dialect.isOrder(call);
    if (troubles.at('stall', nowMs) !== null) return 'hang';
    if (isPrivate && troubles.at('maintenance', nowMs) !== null) return dialect.down();
    if (!isPrivate && troubles.at('public-limit', nowMs) !== null) return dialect.tooMany(60);
    const waitMs = this.#waitMs(isPrivate ? 'private' : 'public', nowMs);
    if (waitMs > 0) return dialect.tooMany(Math.ceil(waitMs / 1_000));
    if (isOrder && troubles.at('request-lost', nowMs) !== null) return 'hang';
    try {
      const known = exchange.orders.length;
      const body = dialect.answer(call);
      if (isOrder && exchange.orders.length > known) {
        if (troubles.at('listed-late', nowMs) !== null || troubles.at('answer-cut', nowMs) !== null) return 'cut';
        if (troubles.at('error-but-taken', nowMs) !== null)
          return { status: 504, body: 'Gateway Time-out', headers: { 'content-type': 'text/plain' } };
      }
      return { status: 200, body };
    } catch (error) {
      if (error instanceof Refused) return error.reply;
      if (error instanceof Refusal) return dialect.word(error, call);
      throw error;
    }
  }

  /** How long until one may ask again; 0 for now. */
  #waitMs(kind: 'public' | 'private', nowMs: number): number {
    const { limit } = this.#options;
    if (limit === undefined) return 0;
    const asked = this.#asked[kind].filter((ms) => nowMs - ms < limit.perMs);
    this.#asked[kind] = asked;
    if (asked.length >= limit.requests) return asked[0] + limit.perMs - nowMs;
    asked.push(nowMs);
    return 0;
  }
}

/** Candles that open from `fromMs` to `toMs`, both included, ascending, the running one as far as it has come. */
export function barsOf(
  exchange: HostileExchange,
  rules: Rules,
  { lengthMs, fromMs, toMs, nowMs }: { lengthMs: number; fromMs: number; toMs: number; nowMs: number },
): Bar[] {
  const path = exchange.path(rules);
  const bars: Bar[] = [];
  const start = Math.max(fromMs, Math.floor(path.startMs / lengthMs) * lengthMs);
  for (let at = Math.ceil(start / lengthMs) * lengthMs; at <= Math.min(toMs, nowMs); at += lengthMs) {
    const bar = path.bar(at, lengthMs, nowMs);
    if (bar !== null) bars.push(bar);
  }
  return bars;
}

const UNNAMED = 'unnamed ';

/** What an order goes by to which the client gave no name. */
export const unnamed = (exchange: HostileExchange): string => `${UNNAMED}${exchange.orders.length}`;

/** The name that the client gave; empty where it gave none. */
export const nameOf = ({ clientId }: Order): string => (clientId.startsWith(UNNAMED) ? '' : clientId);

/** Every order that is told of by now, oldest first. */
export const viewsOf = (exchange: HostileExchange, nowMs: number): OrderView[] =>
  exchange.orders.map((one) => exchange.view(one, 'query', nowMs)).filter((one) => one !== null);

/** Trades of all markets that are told by now, oldest first. */
export const tradesOf = (exchange: HostileExchange, nowMs: number): Trade[] =>
  exchange.rules.flatMap(({ id }) => exchange.tradesOf(id, nowMs)).sort((a, b) => a.ms - b.ms || a.id - b.id);

/** The order's fees that are told by now. */
export const feeOf = (order: Order, nowMs: number): bigint =>
  order.trades.reduce((sum, { fee, visibleMs }) => (visibleMs <= nowMs ? sum + fee : sum), 0n);
