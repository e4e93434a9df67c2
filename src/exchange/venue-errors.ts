import { ExchangeError, InputError } from '../core/errors.ts';
import type { ExchangeErrorCode } from './venue.ts';

/** What the connector noted of the answer that an error came with. */
export interface AnswerNotes {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sorts what ccxt throws by what to do next. ccxt's classes alone don't tell: 418 and 429 are DDoSProtection, so is a
 * key that was revoked after it once worked; Binance's notional filter is BadRequest, a double client id InvalidOrder.
 * What isn't an error of ccxt's comes from its parsers stumbling over an answer, and is a bad answer.
 */
export function toExchangeError(
  error: unknown,
  notes: AnswerNotes | null,
  nowMs: number,
  redact: (text: string) => string,
): Error {
  if (error instanceof ExchangeError || error instanceof InputError) return error;
  const names = classNames(error);
  const text = error instanceof Error ? error.message : String(error);
  const all = `${text} ${notes?.body ?? ''}`;
  // Cut last: half a key is no word that the redactor knows.
  const message = shorten(redact(text));
  const make = (code: ExchangeErrorCode, retryable: boolean) =>
    new ExchangeError(message, { code, retryable, retryAfterMs: retryAfterMs(notes, nowMs) });

  if (notes?.status === 418) return make('banned', true);
  // Binance gives a temporary ban the code of a bad key; ask again later, a few times, and raise the alarm.
  if (/-2015\b|Invalid API-key/.test(all)) return make('authentication', names.has('DDoSProtection'));
  if (notes?.status === 429 || names.has('DDoSProtection') || names.has('RateLimitExceeded'))
    return make('rate-limited', true);
  if (names.has('InvalidNonce')) return make('clock', true);
  if (names.has('RequestTimeout')) return make('timeout', true);
  // A wall for our address or country: asking again doesn't help.
  if (notes?.status === 403 || notes?.status === 451) return make('unavailable', false);
  if (names.has('ExchangeNotAvailable')) return make('unavailable', true);
  // Sockets closed by us, for a redial of another symbol, are gone for this one too.
  if (names.has('NetworkError') || names.has('ExchangeClosedByUser')) return make('network', true);
  if (names.has('BadSymbol')) return new InputError(`${message}; name a symbol that the venue trades`);
  if (names.has('AuthenticationError') || names.has('PermissionDenied')) return make('authentication', false);
  if (names.has('InsufficientFunds')) return make('insufficient-funds', false);
  if (names.has('DuplicateOrderId') || /duplicate/i.test(all)) return make('duplicate-id', false);
  if (
    /filter failure|-1013|LOT_SIZE|PRICE_FILTER|NOTIONAL|17013[2-7]|170124|170140|170148|lower limit|too many decimal/i.test(
      all,
    )
  ) {
    return make('filter', false);
  }
  if (names.has('InvalidOrder') || names.has('BadRequest') || names.has('OperationRejected'))
    return make('rejected', false);
  if (names.has('BadResponse') || !names.has('BaseError')) return make('bad-answer', true);
  return make('unknown', true);
}

/** Whether ccxt says that the venue knows no such order. */
export function isOrderNotFound(error: unknown): boolean {
  if (classNames(error).has('OrderNotFound')) return true;
  // Bybit's spot cancels say so in words of their own.
  return error instanceof Error && /17014[23]|170139|170190|170213|110001/.test(error.message);
}

/** The names of an error's class and of all it descends from; ccxt's classes differ between its bundles. */
function classNames(error: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  for (let proto = Object(error); proto !== null; proto = Object.getPrototypeOf(proto)) {
    if (typeof proto.constructor?.name === 'string') names.add(proto.constructor.name);
  }
  return names;
}

/** Without queries, which are signed, without a page of HTML, and without what would command a terminal. */
function shorten(text: string): string {
  const line = text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/(https?|wss?):\/\/[^\s?"']+\?[^\s"']*/g, (url) => url.slice(0, url.indexOf('?')));
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}

/** Retry-After in seconds or as a date; 0 where there is none. Never more than a day. */
function retryAfterMs(notes: AnswerNotes | null, nowMs: number): number {
  const entry = Object.entries(notes?.headers ?? {}).find(([name]) => name.toLowerCase() === 'retry-after');
  if (entry === undefined) return 0;
  const value = entry[1];
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), 86_400_000) : 0;
}
