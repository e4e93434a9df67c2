/** What follows from what ccxt throws: the table of what was seen of it, with ccxt's own classes. */
import ccxt from 'ccxt';
import { describe, expect, it } from 'vitest';
import { ExchangeError, InputError } from '../../src/core/errors.ts';
import { timeframeName } from '../../src/exchange/timeframe.ts';
import { isOrderNotFound, toExchangeError } from '../../src/exchange/venue-errors.ts';

type Name = keyof typeof ccxt;
const thrown = (name: Name, message = 'the venue said so') =>
  new (ccxt[name] as new (message: string) => Error)(message);
const sort = (error: unknown, status?: number, body = '') =>
  toExchangeError(error, status === undefined ? null : { status, headers: {}, body }, 0, (text) => text);

describe('an error of ccxt', () => {
  it.each([
    ['DDoSProtection', 'no more', 418, 'banned', true],
    ['DDoSProtection', 'slower', 429, 'rate-limited', true],
    ['DDoSProtection', 'slower', undefined, 'rate-limited', true],
    ['RateLimitExceeded', '-1015', undefined, 'rate-limited', true],
    ['DDoSProtection', '{"code":-2015}', undefined, 'authentication', true],
    ['AuthenticationError', '{"code":-2015}', undefined, 'authentication', false],
    ['AuthenticationError', 'bad key', 401, 'authentication', false],
    ['PermissionDenied', 'not yours', undefined, 'authentication', false],
    ['InvalidNonce', '-1021', undefined, 'clock', true],
    ['RequestTimeout', '-1007', undefined, 'timeout', true],
    ['ExchangeNotAvailable', 'later', 503, 'unavailable', true],
    ['ExchangeNotAvailable', 'not from here', 451, 'unavailable', false],
    ['ExchangeNotAvailable', 'not you', 403, 'unavailable', false],
    ['OnMaintenance', 'later', undefined, 'unavailable', true],
    ['NetworkError', 'cut', undefined, 'network', true],
    ['ExchangeClosedByUser', 'closed', undefined, 'network', true],
    ['InsufficientFunds', '-2010', undefined, 'insufficient-funds', false],
    ['InvalidOrder', 'Duplicate order sent.', undefined, 'duplicate-id', false],
    ['DuplicateOrderId', 'again', undefined, 'duplicate-id', false],
    ['BadRequest', 'Filter failure: NOTIONAL', undefined, 'filter', false],
    ['InvalidOrder', 'Filter failure: LOT_SIZE', undefined, 'filter', false],
    ['InvalidOrder', '170140: lower limit', undefined, 'filter', false],
    ['InvalidOrder', 'no', undefined, 'rejected', false],
    ['BadRequest', 'no', undefined, 'rejected', false],
    ['OperationRejected', 'no', undefined, 'rejected', false],
    ['BadResponse', '<html>', undefined, 'bad-answer', true],
    ['ExchangeError', 'what?', undefined, 'unknown', true],
  ] as const)('%s (%s, %s) is %s', (name, message, status, code, retryable) => {
    expect(sort(thrown(name, message), status)).toMatchObject({ code, retryable, message });
  });

  it('is looked for in the body too, where the message is short', () => {
    expect(sort(thrown('ExchangeError', 'no'), 400, '{"code":-1013}')).toMatchObject({ code: 'filter' });
    expect(sort(thrown('InvalidOrder', 'no'), 400, 'duplicate clOrdId')).toMatchObject({ code: 'duplicate-id' });
  });

  it('of an unknown symbol is for a person to mend', () => {
    expect(sort(thrown('BadSymbol', 'binance: no XYZ'))).toBeInstanceOf(InputError);
    expect(sort(thrown('BadSymbol', 'binance: no XYZ')).message).toMatch(/^binance: no XYZ; name a symbol/);
  });
});

it('what is sorted already stays as it is, and what is no error of ccxt is a bad answer', () => {
  const known = new ExchangeError('x', { code: 'filter', retryable: false });
  expect(sort(known)).toBe(known);
  const input = new InputError('x');
  expect(sort(input)).toBe(input);
  expect(sort('a word')).toMatchObject({ code: 'bad-answer', message: 'a word' });
  expect(sort(new TypeError('no property'))).toMatchObject({ code: 'bad-answer', retryable: true });
});

it('a message is one line, without a signed query, and not too long', () => {
  const { message } = sort(new Error('GET https://a.b/c?signature=1&x=2 said\n "wss://d.e/f?key=3"  end'));
  expect(message).toBe('GET https://a.b/c said "wss://d.e/f" end');
  expect(sort(new Error('y'.repeat(300))).message).toBe('y'.repeat(300));
  expect(sort(new Error('y'.repeat(301))).message).toBe(`${'y'.repeat(300)}...`);
});

it('an order that is not there', () => {
  expect(isOrderNotFound(thrown('OrderNotFound'))).toBe(true);
  expect(isOrderNotFound(thrown('ExchangeError', 'bybit {"retCode":170213,"retMsg":"Order does not exist."}'))).toBe(
    true,
  );
  for (const code of ['170142', '170143', '170139', '170190', '110001'])
    expect(isOrderNotFound(thrown('ExchangeError', code)), code).toBe(true);
  expect(isOrderNotFound(thrown('InvalidOrder', '170210'))).toBe(false);
  expect(isOrderNotFound('170213')).toBe(false);
});

it('timeframes are those of ccxt, by its own reading of them', () => {
  const venue = new ccxt.binance();
  const read = (name: string) => Number(venue.parseTimeframe(name)) * 1_000;
  for (const name of ['1s', '1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d'])
    expect(timeframeName(read(name))).toBe(name);
  expect(() => timeframeName(61_000)).toThrow('no venue has candles of 61000 ms; take one of 1s, 1m');
});
