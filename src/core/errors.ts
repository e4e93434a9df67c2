/**
 * Errors are sorted by what to do next: the user mends it (`InputError`), one tries again (`ExchangeError` with
 * `retryable`), or it is a bug (any other Error: crash). A denial by the shield is a value, never an error.
 */

/**
 * Bad input. The message is one line that says what is wrong, where, and how to mend it; the CLI exits with 2.
 * @example
 * try {
 *   parseTimeframe('1 hour');
 * } catch (error) {
 *   (error as InputError).name; // => 'InputError'
 * }
 */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/**
 * The venue or the way to it failed. `retryable` says whether asking again can help; an order is never simply re-sent.
 * @example
 * new ExchangeError('slow down', { code: 'rate-limit', retryable: true, retryAfterMs: 2000 }).retryAfterMs; // => 2000
 */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly code: string;
  readonly retryable: boolean;
  /** Milliseconds that the venue asked to wait; 0 where it named none. */
  readonly retryAfterMs: number;
  constructor(message: string, options: { code: string; retryable: boolean; retryAfterMs?: number }) {
    super(message);
    this.code = options.code;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/** A condition that the code itself guarantees; failing it is a bug. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`);
}
