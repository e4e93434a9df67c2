import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../core/clock.ts';
import { InputError } from '../core/errors.ts';
import { hostileWord } from './hostile-words.ts';
import type { Keys } from './keys.ts';
import type { AnswerNotes } from './venue-errors.ts';
import type { VenueHandle, VenueRow } from './venues/row.ts';
import { fetchWhole } from './whole-fetch.ts';

/**
 * The only file that loads ccxt, and one venue of it at that: its classes typed as far as they are used, with our hooks
 * in them, opened with our settings.
 */

export interface ConnectorOptions {
  /** ccxt's name of the venue, such as 'binance'. */
  readonly venue: string;
  readonly clock: Clock;
  /** Null for public data only. */
  readonly keys: Keys | null;
  /** The venue's own test network, where it has one. */
  readonly sandbox?: boolean;
  /** A rehearsal server on this machine, such as 'http://127.0.0.1:8686', in the venue's place. */
  readonly localUrl?: string;
  /** How long an answer is waited for, in real time. Default 10,000; 2,000 from a server on this machine. */
  readonly timeoutMs?: number;
  /** Replaces the venue's window for signed requests; a rehearsal on a fast clock needs a wider one. */
  readonly orderWindowMs?: number;
}

/** The part of a ccxt exchange that is used here. Answers are `unknown`: `answers.ts` reads them. */
export interface Ccxt extends VenueHandle {
  timeframes: Record<string, string>;
  precisionMode: number;
  has: Record<string, unknown>;
  markets: Record<string, { id: string }> | undefined;
  loadMarkets(reload?: boolean): Promise<unknown>;
  market(symbol: string): { id: string };
  fetchTime(): Promise<unknown>;
  fetchBalance(): Promise<unknown>;
  fetchTicker(symbol: string): Promise<unknown>;
  fetchOHLCV(symbol: string, timeframe: string, since: number, limit: number, params: object): Promise<unknown>;
  createOrder(
    symbol: string,
    type: string,
    side: string,
    amount: string,
    price: string | undefined,
    params: object,
  ): Promise<unknown>;
  cancelOrder(id: string | undefined, symbol: string, params: object): Promise<unknown>;
  fetchMyTrades(symbol: string, since: number | undefined, limit: number, params: object): Promise<unknown>;
  watchOHLCV(symbol: string, timeframe: string): Promise<unknown>;
  setSandboxMode(on: boolean): void;
  close(): Promise<void>;
}

/** The methods that are overridden. */
interface CcxtInstance {
  fetch(url: string, method?: string, headers?: unknown, body?: unknown): Promise<unknown>;
  handleErrors(
    status: number,
    reason: string,
    url: string,
    method: string,
    headers: Record<string, string>,
    body: string,
    ...rest: unknown[]
  ): unknown;
  handleHttpStatusCode(status: number, reason: string, url: string, method: string, body: string): void;
  handleMessage?(client: unknown, message: unknown): unknown;
  handleOHLCV(client: unknown, message: unknown): unknown;
  parsePrecision(digits?: string): string | undefined;
}
/** ccxt writes a precision out, zero by zero. */
const MOST_DECIMALS = 100;
export type CcxtClass = new (settings: object) => CcxtInstance;

type OpenClass = new (
  settings: object,
) => Ccxt & { number: unknown; milliseconds: unknown; seconds: unknown; urls: { test?: unknown } };

export interface CcxtHooks {
  /** Every request on its way; throws to stop it. */
  beforeSend(method: string, url: string, body: unknown): void;
  /** Every parsed answer; throws to refuse it. */
  checkAnswer(method: string, url: string, answer: unknown): void;
  /** Status, headers and body behind an error, which ccxt's own errors don't carry. */
  noteError(error: object, notes: AnswerNotes): void;
  /** Every candle message of the stream, raw: ccxt drops the mark of the last update. */
  hear(message: unknown): void;
}

/** The venue's class with our hooks in it. */
export function hookClass(Base: CcxtClass, hooks: CcxtHooks): OpenClass {
  return class extends Base {
    override async fetch(url: string, method = 'GET', headers?: unknown, body?: unknown): Promise<unknown> {
      hooks.beforeSend(method, url, body);
      const answer = await super.fetch(url, method, headers, body);
      hooks.checkAnswer(method, url, answer);
      return answer;
    }

    override handleErrors(...details: Parameters<CcxtInstance['handleErrors']>): unknown {
      const [status, reason, url, method, headers, body] = details;
      try {
        const result = super.handleErrors(...details);
        if (status >= 400) this.handleHttpStatusCode(status, reason, url, method, body);
        return result;
      } catch (error) {
        if (typeof error === 'object' && error !== null)
          hooks.noteError(error, { status, headers, body: String(body).slice(0, 2000) });
        throw error;
      }
    }

    override handleMessage(client: unknown, message: unknown): unknown {
      return hostileWord(message) === null ? super.handleMessage?.(client, message) : undefined;
    }

    override parsePrecision(digits?: string): string | undefined {
      return digits !== undefined && Math.abs(Number(digits)) > MOST_DECIMALS
        ? undefined
        : super.parsePrecision(digits);
    }

    override handleOHLCV(client: unknown, message: unknown): unknown {
      hooks.hear(message);
      return super.handleOHLCV(client, message);
    }
  } as never;
}

/**
 * An instance with our settings: keys, time, numbers as strings, and the address.
 * @param venueMs the venue's time, with which requests are signed
 * @throws InputError
 */
export function openCcxt(options: ConnectorOptions, row: VenueRow, Venue: OpenClass, venueMs: () => number): Ccxt {
  const { venue, keys, sandbox, localUrl, timeoutMs, orderWindowMs } = options;
  const limitMs = timeoutMs ?? (localUrl === undefined ? 10_000 : 2_000);
  const exchange = new Venue({
    ...(keys === null ? {} : { apiKey: keys.key, secret: keys.secret, password: keys.passphrase }),
    // A rehearsal on a fast clock would spend its time in the queue.
    enableRateLimit: localUrl === undefined,
    timeout: limitMs,
    fetchImplementation: fetchWhole(limitMs),
    options: { ...row.options, ...(orderWindowMs === undefined ? {} : { recvWindow: orderWindowMs }) },
  });
  // Floats lose what a venue counts beyond 15 digits; as strings numbers come through whole.
  exchange.number = String;
  // Deposits and networks of every coin: slow, and not ours to know.
  exchange.has.fetchCurrencies = false;
  // ccxt prints what it can't parse; a venue's words don't belong on our screen.
  exchange.log = () => {};
  exchange.milliseconds = () => Math.floor(venueMs());
  exchange.seconds = () => Math.floor(venueMs() / 1_000);
  if (row.risingNonce) {
    let last = 0;
    exchange.nonce = () => {
      last = Math.max(last + 1, Math.floor(venueMs()));
      return last;
    };
  }
  if (sandbox === true) {
    if (exchange.urls.test === undefined) throw new InputError(`${venue} has no sandbox; leave the sandbox flag out`);
    exchange.setSandboxMode(true);
  }
  if (localUrl === undefined) return exchange;
  if (!/^http:\/\/127\.0\.0\.1:\d+$/.test(localUrl))
    throw new InputError(`local url ${localUrl}: must be like http://127.0.0.1:8686`);
  if (row.pointAt === null) throw new InputError(`the rehearsal server doesn't speak ${venue}; take binance or bybit`);
  row.pointAt(exchange, localUrl, localUrl.replace('http', 'ws'));
  // Without an agent of ours ccxt takes plain ws:// for a proxy's business.
  exchange.httpAgent = new Agent();
  return exchange;
}

/** One venue's class: importing all of ccxt takes three times as long and twice the memory. */
export async function importVenue(name: string): Promise<CcxtClass> {
  const entry = pathToFileURL(createRequire(import.meta.url).resolve('ccxt'));
  for (const folder of ['pro/', '']) {
    try {
      const module = await import(/* @vite-ignore */ new URL(`../js/src/${folder}${name}.js`, entry).href);
      return module.default;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  const { default: ccxt } = await import('ccxt');
  const near = ccxt.exchanges.filter((other: string) => other.startsWith(name.slice(0, 3))).slice(0, 6);
  throw new InputError(
    `unknown exchange ${name}; ${near.length > 0 ? `did you mean ${near.join(', ')}?` : 'names are like binance or bybit'}`,
  );
}

/** The version of the library, on which every row of the venue table was tried. */
export function ccxtVersion(): string {
  return createRequire(import.meta.url)('ccxt/package.json').version;
}
