/** Faults that a careless change could bring: `npm run mutate:live -- --planted` says that a test catches each. */

export interface Planted {
  readonly what: string;
  readonly file: string;
  /** As it stands in the code, once. */
  readonly from: string;
  readonly to: string;
}

export const PLANTED: readonly Planted[] = [
  {
    what: 'the take-profit is never watched',
    file: 'src/broker/live.ts',
    from: '!(bid <= watched || bid >= target)',
    to: '!(bid <= watched)',
  },
  {
    what: "a venue's silence is no doubt",
    file: 'src/broker/live.ts',
    from: 'desk.elapsedMs - desk.lastContactMs > LONGEST_SILENCE_MS',
    to: 'false',
  },
  {
    what: 'an order may leave twice',
    file: 'src/exchange/outgoing.ts',
    from: 'if (sent) throw',
    to: 'if (false) throw',
  },
  {
    what: 'an entry spends all the cash',
    file: 'src/broker/live.ts',
    from: 'const CASH_MARGIN = 0.01',
    to: 'const CASH_MARGIN = 0',
  },
  {
    what: "sells' slippage has the sign of buys'",
    file: 'src/broker/live-book.ts',
    from: '((price - reference) / reference) * (buys ? 1 : -1)',
    to: '(price - reference) / reference',
  },
  {
    what: "the venue's clock is measured once",
    file: 'src/exchange/ccxt-session.ts',
    from: 'if (this.#clock.isOld()) await',
    to: 'if (false) await',
  },
  {
    what: 'a stop keeps its size when the position grows',
    file: 'src/broker/resting-stops.ts',
    from: 'this.#desk.book.stops.map(({ quantity, price }) =>',
    to: 'this.#desk.book.stops.map(({ price }, _at, _all, quantity = this.#desk.book.baseOwned) =>',
  },
  { what: 'absence is seen once', file: 'src/broker/absence.ts', from: 'const LOOKS = 2', to: 'const LOOKS = 1' },
  {
    what: "absence doesn't wait for the venue's lag",
    file: 'src/broker/absence.ts',
    from: 'desk.sentMs(order.id) + requestLifeMs + settleMs',
    to: 'desk.sentMs(order.id) + requestLifeMs',
  },
  {
    what: 'ended orders are not looked at again',
    file: 'src/broker/sweep.ts',
    from: 'desk.elapsedMs - desk.endedMs(id) < LOOK_AGAIN_MS',
    to: 'false',
  },
  {
    what: 'a second sell follows a cancel at once',
    file: 'src/broker/sell-gate.ts',
    from: 'if (!settled && !freed) return false;',
    to: '',
  },
  {
    what: "an exit isn't split",
    file: 'src/exchange/order-rules.ts',
    from: 'export function splitQuantity(quantity: string, largest: string | null, step: string): string[] {',
    to: 'export function splitQuantity(quantity: string, largest: string | null, step: string): string[] {\n  if (largest !== step) return [quantity];',
  },
  {
    what: "a shortage of the quote currency doesn't keep entries back",
    file: 'src/broker/live.ts',
    from: 'if (quoteShortage) return',
    to: 'if (false) return',
  },
  {
    what: 'an exit waits for what the venue asked of other questions',
    file: 'src/exchange/connector.ts',
    from: "      side === 'sell',\n    );",
    to: '      false,\n    );',
  },
  {
    what: 'a page of fills is all of them',
    file: 'src/exchange/venues/binance.ts',
    from: 'rowsOf(fills).length < FILLS_PER_PAGE ? null : String(last + 1)',
    to: 'null',
  },
  {
    what: 'a body has no deadline',
    file: 'src/exchange/whole-fetch.ts',
    from: 'const signal = init?.signal ? AbortSignal.any([init.signal, deadline]) : deadline;',
    to: 'const signal = init?.signal ?? (deadline.aborted ? deadline : undefined);',
  },
  {
    what: 'a missing decision is no alarm',
    file: 'src/bot/watchdog.ts',
    from: 'if (!isLate(silentMs, timeframeMs)) return;',
    to: 'if (silentMs >= 0) return;',
  },
  {
    what: 'verify takes any quantity of an entry',
    file: 'src/bot/order-audit.ts',
    from: 'Number(quantity) > order * (1 + 1e-9)',
    to: 'Number(quantity) > order * 1000',
  },
];
