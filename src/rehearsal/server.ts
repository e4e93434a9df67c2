import type { IncomingMessage, ServerResponse } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../core/clock.ts';
import { type Json, parseJson } from '../core/json.ts';
import type { OrderRequest } from '../exchange/venue.ts';
import {
  closeServer,
  createLocalServer,
  isForThisMachine,
  listenLocally,
  readBody,
  urlOf,
} from '../net/local-server.ts';
import { binanceDialect } from './binance-dialect.ts';
import { bybitDialect } from './bybit-dialect.ts';
import { feedCandles } from './candle-feed.ts';
import type { Call, Dialect, Reply, ServerKeys } from './dialect.ts';
import { answerFaults, FaultBook, type FaultKind, orderFaults, requestFaults } from './faults.ts';
import type { MatchingEngine } from './matching.ts';
import type { PricePath } from './price-path.ts';
import { fillPlanOf, VenueWorld } from './venue-world.ts';

export interface RehearsalOptions {
  readonly clock: Clock;
  readonly engine: MatchingEngine;
  readonly paths: ReadonlyMap<string, PricePath>;
  /** The key and secret that signed requests must show; made up, never real ones. */
  readonly keys: ServerKeys;
  readonly faults?: FaultBook;
  /** Of the clock, so that windows of seconds keep their meaning for a client of real speed. Default 1. */
  readonly speed?: number;
  /** Stands between the venue's answer and the wire; tests put their own answers here. */
  readonly intercept?: (call: Call, answer: () => Outcome) => Outcome;
  /** Milliseconds of `clock` between updates of a running candle. */
  readonly updateEveryMs?: number;
}

/** An answer, none at all, or a cut connection. */
export type Outcome = (Reply & { readonly retryAfter?: string }) | 'silence' | 'cut';

/** What the server saw and did, for the report. Holds no key and no signature. */
export interface RehearsalReport {
  readonly injections: readonly { timeMs: number; kind: FaultKind; where: string }[];
  readonly requests: Readonly<Record<string, number>>;
  readonly orders: readonly {
    clientOrderId: string;
    side: string;
    type: string;
    quantity: string;
    filled: string;
    status: string;
  }[];
  readonly fills: number;
  readonly balances: Readonly<Record<string, { free: string; locked: string }>>;
  /** Client ids that were placed more than once: there should be none. */
  readonly duplicates: readonly string[];
}

const dialects: readonly Dialect[] = [binanceDialect, bybitDialect];
/** A bot of many symbols has a few; the rest of a process's files are not for strangers. */
const MOST_CONNECTIONS = 64;
const MOST_BODY_BYTES = 65_536;
const MOST_FEEDS = 200;
/** Of requests that are counted by name; paths are a client's words. */
const MOST_COUNTED = 200;
const page = '<html><body>502 Bad Gateway</body></html>';

/**
 * A venue on 127.0.0.1 that speaks Binance's and Bybit's spot protocols well enough for ccxt, trades stored or
 * synthetic candles at any speed, checks signatures, and breaks by a schedule: the same faults as the simulated venue,
 * over real sockets.
 */
export class RehearsalServer {
  readonly engine: MatchingEngine;
  readonly faults: FaultBook;
  readonly #options: RehearsalOptions;
  readonly #world: VenueWorld;
  readonly #http = createLocalServer((request, response) => this.#serve(request, response), MOST_CONNECTIONS);
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_BODY_BYTES });
  readonly #stop = new AbortController();
  readonly #requests = new Map<string, number>();

  constructor(options: RehearsalOptions) {
    this.#options = options;
    this.engine = options.engine;
    this.faults = options.faults ?? new FaultBook();
    this.#world = new VenueWorld(options.clock, options.engine, this.faults);
  }

  /** Listens on a port of 127.0.0.1 (a free one by default) and returns the address. */
  async start(port = 0): Promise<string> {
    this.#http.on('upgrade', (request, socket, head) => {
      const url = urlOf(request);
      socket.on('error', () => {});
      if (!isForThisMachine(request) || url === null) socket.destroy();
      else this.#sockets.handleUpgrade(request, socket, head, (client) => this.#greet(client, url.pathname));
    });
    return `http://127.0.0.1:${await listenLocally(this.#http, port, 'give another with --port')}`;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const client of this.#sockets.clients) client.terminate();
    await closeServer(this.#http);
  }

  /** Cuts every socket, as a router that restarts. */
  dropSockets(): void {
    for (const client of this.#sockets.clients) client.terminate();
  }

  report(): RehearsalReport {
    const orders = this.engine.orders();
    const seen = new Set<string>();
    const duplicates = orders.filter(({ clientOrderId }) => seen.has(clientOrderId) || !seen.add(clientOrderId));
    return {
      injections: this.faults.injections,
      requests: Object.fromEntries(this.#requests),
      orders: orders.map(({ clientOrderId, side, type, quantity, filled, status }) => ({
        clientOrderId,
        side,
        type,
        quantity,
        filled,
        status,
      })),
      fills: this.engine.fills.length,
      balances: Object.fromEntries(this.engine.balances()),
      duplicates: duplicates.map((order) => order.clientOrderId),
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request);
    if (call === null) return send(response, { status: 400, body: { error: 'this is no request to a venue' } });
    const own = this.#own(call);
    if (own !== null) return send(response, { status: 200, body: own });
    const dialect = dialects.find((other) => other.speaks(call.path));
    if (dialect === undefined) return send(response, { status: 404, body: { error: 'no venue here speaks of this' } });
    this.#count(`${call.method} ${call.path}`);
    this.#world.wake();
    const answer = () => this.#obstruct(call, dialect) ?? this.#carryOut(call, dialect);
    const reply = this.#options.intercept?.(call, answer) ?? answer();
    if (reply === 'silence') return;
    if (reply === 'cut') {
      request.socket.destroy();
      return;
    }
    send(response, reply);
  }

  #count(request: string): void {
    const name = this.#requests.has(request) || this.#requests.size < MOST_COUNTED ? request : 'others';
    this.#requests.set(name, (this.#requests.get(name) ?? 0) + 1);
  }

  /** The server's own pages: its clock, for clients that follow it, and its report. */
  #own(call: Call): Json | null {
    if (call.path === '/rehearsal/clock')
      return { nowMs: this.#options.clock.nowMs(), speed: this.#options.speed ?? 1 };
    return call.path === '/rehearsal/report' ? (this.report() as unknown as Json) : null;
  }

  /** Faults that keep a request from being heard, and the refusal of its signature. */
  #obstruct(call: Call, dialect: Dialect): Outcome | null {
    const nowMs = this.#options.clock.nowMs();
    const where = `${call.method} ${call.path}`;
    if (this.faults.active('maintenance', nowMs, where) !== null) return { status: 503, body: page };
    const ban = this.faults.active('ban', nowMs, where);
    if (ban !== null) return waiting(dialect.banned, Math.min(ban.amountMs, ban.untilMs - nowMs));
    const fault = this.faults.strike(requestFaults, nowMs, where);
    switch (fault?.kind) {
      case 'rate-limit':
        return waiting(dialect.rateLimited, fault.amountMs);
      case 'server-error':
        return { status: 502, body: page };
      case 'garbage':
        return { status: 200, body: page };
      case 'timeout':
        return 'silence';
      case 'disconnect':
        return 'cut';
    }
    if (dialect.kind(call) === 'public') return null;
    if (this.faults.active('revoked-key', nowMs, where) !== null) return dialect.revokedKey;
    return dialect.refuseSignature(call, this.#options.keys, this.#world.timeMs, this.#options.speed ?? 1);
  }

  #carryOut(call: Call, dialect: Dialect): Outcome {
    const kind = dialect.kind(call);
    if (kind === 'place') return this.#place(call, dialect);
    const fault = kind === 'cancel' ? this.faults.strike(answerFaults, this.#options.clock.nowMs(), call.path) : null;
    const reply = dialect.answer(call, this.#world, this.#options.paths);
    return fault === null ? reply : lost(fault.kind);
  }

  #place(call: Call, dialect: Dialect): Outcome {
    const request = dialect.readOrder(call, this.#world);
    if ('status' in request) return request;
    const order = request as OrderRequest;
    const { timeMs } = this.#world;
    const fault = this.faults.strike(orderFaults, this.#options.clock.nowMs(), `order ${order.clientOrderId}`);
    switch (fault?.kind) {
      case 'lost-request':
        return 'silence';
      case 'late-accept':
        this.#world.placeLater(order, timeMs + fault.amountMs);
        return 'silence';
      case 'partial-fill-disconnect':
        this.engine.place(order, timeMs, fillPlanOf(fault));
        return 'cut';
      case 'partial-then-cancel':
        return dialect.placed(this.engine.place(order, timeMs, fillPlanOf(fault)), this.#world);
    }
    const reply = dialect.placed(this.engine.place(order, timeMs), this.#world);
    return fault === null ? reply : lost(fault.kind);
  }

  #greet(client: WebSocket, url: string): void {
    const dialect = dialects.find((other) => other.speaks(url));
    if (dialect === undefined || this.faults.active('maintenance', this.#options.clock.nowMs(), 'stream') !== null) {
      client.terminate();
      return;
    }
    const feeds = new Map<string, AbortController>();
    const endAll = () => {
      for (const feed of feeds.values()) feed.abort();
    };
    client.on('close', endAll);
    client.on('error', endAll);
    this.#stop.signal.addEventListener('abort', endAll, { once: true });
    client.on('message', (data) => {
      try {
        this.#hear(client, dialect, String(data), feeds);
      } catch {
        // What no client of ours says ends its connection and nothing else.
        client.terminate();
      }
    });
  }

  #hear(client: WebSocket, dialect: Dialect, text: string, feeds: Map<string, AbortController>): void {
    const message = parseFields(text);
    if (message === null) return;
    const { reply, begin, end } = dialect.hear(message, this.#world);
    if (reply !== undefined) client.send(JSON.stringify(reply));
    for (const topic of end) feeds.get(topic)?.abort();
    for (const subscription of begin) {
      const { topic, symbol, timeframeMs } = subscription;
      if (feeds.has(topic) || feeds.size >= MOST_FEEDS) continue;
      if (this.#options.paths.get(symbol)?.offers(timeframeMs) !== true) continue;
      const feed = new AbortController();
      feeds.set(topic, feed);
      void this.#feed(client, dialect, subscription, feed.signal)
        .catch(() => client.terminate())
        .finally(() => feeds.delete(topic));
    }
  }

  async #feed(
    client: WebSocket,
    dialect: Dialect,
    subscription: ReturnType<Dialect['hear']>['begin'][number],
    signal: AbortSignal,
  ): Promise<void> {
    const { timeframeMs, symbol } = subscription;
    const everyMs = this.#options.updateEveryMs ?? Math.min(2_000 * (this.#options.speed ?? 1), timeframeMs / 4);
    const speed = this.#options.speed ?? 1;
    const tell = (message: unknown) => client.send(typeof message === 'string' ? message : JSON.stringify(message));
    const listener = {
      send: (candle: Parameters<Dialect['klineMessage']>[1], closed: boolean) =>
        tell(dialect.klineMessage(subscription, candle, closed, this.#world.timeMs)),
      sendGarbage: () => {
        const timeMs = Math.floor(this.#world.timeMs / timeframeMs) * timeframeMs;
        const ones = { timeMs, open: 1, high: 1, low: 1, close: 1, volume: 1, trades: 1, trends: 1 };
        const text = JSON.stringify(dialect.klineMessage(subscription, ones, true, this.#world.timeMs));
        for (const nonsense of ['"NaN"', '"-1"', '""', 'null', '{}']) tell(text.replaceAll('"1"', nonsense));
        for (const nonsense of [text.slice(0, 40), '<html>']) tell(nonsense);
      },
    };
    const end = await feedCandles(
      this.#world,
      this.#options.paths.get(symbol)!,
      timeframeMs,
      { everyMs, delayMs: 30 * speed },
      listener,
      signal,
    );
    if (end === 'cut') client.terminate();
  }
}

function lost(kind: FaultKind): Outcome {
  if (kind === 'garbage-order-answer') return { status: 200, body: page };
  return kind === 'lost-answer' ? 'cut' : 'silence';
}

function waiting(reply: Reply, waitMs: number): Outcome {
  return { ...reply, retryAfter: String(Math.max(1, Math.ceil(waitMs / 1000))) };
}

function send(response: ServerResponse, reply: Exclude<Outcome, string>): void {
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  const type = typeof reply.body === 'string' ? 'text/html' : 'application/json;charset=UTF-8';
  response.writeHead(reply.status, {
    'content-type': type,
    ...(reply.retryAfter === undefined ? {} : { 'Retry-After': reply.retryAfter }),
  });
  response.end(text);
}

async function readCall(request: IncomingMessage): Promise<Call | null> {
  const url = urlOf(request);
  const body = await readBody(request, MOST_BODY_BYTES);
  if (url === null || body === null) return null;
  // No field has a name that every object knows.
  const fields: Record<string, string> = Object.create(null);
  const json = body.startsWith('{') ? parseFields(body) : null;
  for (const [name, value] of url.searchParams) fields[name] = value;
  for (const [name, value] of json !== null ? Object.entries(json) : new URLSearchParams(body))
    fields[name] = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    fields,
    query: url.search.slice(1),
    body,
    headers: request.headers,
  };
}

function parseFields(text: string): Record<string, unknown> | null {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
