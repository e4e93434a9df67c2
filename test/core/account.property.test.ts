/** Random lives of an account: what must hold after every event, and a plain recomputation beside it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Account, type AccountConfig } from '../../src/core/account.ts';
import { type Action, BUY, HOLD, SELL } from '../../src/core/action.ts';
import { SLOW } from '../effort.ts';

const HOUR_MS = 3_600_000;

const configs: fc.Arbitrary<AccountConfig> = fc.record({
  mode: fc.constantFrom('spot', 'margin'),
  maxUnits: fc.integer({ min: 1, max: 5 }),
  feeRate: fc.constantFrom(0, 0.001, 0.02),
  slippageRate: fc.constantFrom(0, 0.0005, 0.01),
  quantityStep: fc.constantFrom(0, 0.001, 0.7),
  unitQuote: fc.constantFrom(null, null, 500, 4000),
  borrowRatePerYear: fc.constantFrom(0, 0.1, 5),
  startingEquity: fc.constantFrom(1000, 10_000),
});

interface Bar {
  readonly kind: 'bar';
  readonly action: Action;
  readonly hours: number;
  /** Open, and distance of high and low from open and close, as log moves; then the close's. */
  readonly moves: readonly [number, number, number, number];
  /** Distances of stop and target from the entry price; null for none. */
  readonly stop: number | null;
  readonly target: number | null;
}

/** Evenly spread, as fast-check's doubles are not: those are mostly next to 0. */
const move = (reach: number) => fc.integer({ min: -9999, max: 9999 }).map((x) => (x * reach) / 9999);
const distance = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  fc.integer({ min: 1, max: 200 }).map((x) => x / 1000),
);
const bars: fc.Arbitrary<Bar> = fc.record({
  kind: fc.constant('bar'),
  action: fc.constantFrom(SELL, BUY, BUY, HOLD),
  hours: fc.constantFrom(1, 1, 24),
  moves: fc.tuple(move(0.05), move(0.1), move(0.1), fc.oneof(move(0.1), move(1.5))),
  stop: distance,
  target: distance,
});

interface RealFill {
  readonly kind: 'fill';
  /** Share of the position that is sold, or of a unit that is bought. */
  readonly share: number;
  readonly buys: boolean;
  readonly priceMove: number;
  readonly slip: number;
  readonly feeInBase: boolean;
  readonly continues: boolean;
}

const realFills: fc.Arbitrary<RealFill> = fc.record({
  kind: fc.constant('fill'),
  share: fc.constantFrom(0.3, 0.999, 1),
  buys: fc.boolean(),
  priceMove: move(0.05),
  slip: move(0.01),
  feeInBase: fc.boolean(),
  continues: fc.boolean(),
});

const deposits = fc.record({
  kind: fc.constant('deposit' as const),
  amount: fc.integer({ min: -100, max: 500 }),
});
const restarts = fc.constant({ kind: 'restart' as const });

const randomBars = fc.array(bars, { minLength: 5, maxLength: 25 });
const randomLives = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: bars },
    { weight: 3, arbitrary: realFills },
    { weight: 1, arbitrary: deposits },
    restarts,
  ),
  { minLength: 5, maxLength: 25 },
);

function pricesOf(mark: number, { moves }: Bar): { open: number; high: number; low: number; close: number } {
  const open = mark * Math.exp(moves[0]);
  const close = open * Math.exp(moves[3]);
  const high = Math.max(open, close) * Math.exp(Math.abs(moves[1]));
  const low = Math.min(open, close) * Math.exp(-Math.abs(moves[2]));
  return { open, high, low, close };
}

function levelsOf(bar: Bar): (facts: { position: number; entryPrice: number }) => { stop: number; target: number } {
  return ({ position, entryPrice }) => {
    const side = Math.sign(position);
    return {
      stop: bar.stop === null ? Number.NaN : entryPrice * (1 - side * bar.stop),
      target: bar.target === null ? Number.NaN : entryPrice * (1 + side * bar.target),
    };
  };
}

function stepAccount(account: Account, bar: Bar): void {
  const { open, high, low, close } = pricesOf(account.mark, bar);
  account.stepBar(account.request(bar.action), bar.hours * HOUR_MS, open, high, low, close, levelsOf(bar));
}

function tradeForReal(account: Account, fill: RealFill): void {
  const reference = account.mark * Math.exp(fill.priceMove);
  const executed = reference * (1 + fill.slip);
  const wants = fill.buys || account.units === 0 ? account.unitQuantity(reference) : account.position;
  const quantity = fill.share * Math.abs(wants);
  if (quantity === 0 || account.units < 0 || account.units >= account.config.maxUnits) return;
  const fee = 0.001 * quantity;
  const base = fill.feeInBase && fill.buys;
  if (account.units === 0 || fill.buys) {
    account.applyFill(quantity, reference, executed, base ? 0 : fee * executed, base ? fee : 0, fill.continues);
  } else account.applyFill(-quantity, reference, executed, fee * executed);
}

const close = (a: number, b: number, scale: number): boolean => Math.abs(a - b) <= 1e-9 * scale;

function expectSound(account: Account): void {
  const { config, cash, position, mark, units } = account;
  const { startingEquity } = config;
  const scale = startingEquity + Math.abs(cash) + Math.abs(position * mark) + account.turnover;
  const { deposits: paidIn, markPnl, feesPaid, slippagePaid, borrowPaid } = account;
  const flows = startingEquity + paidIn + markPnl - feesPaid - slippagePaid - borrowPaid;
  demand(close(flows, account.equity, scale), `the flows say ${flows}, the equity is ${account.equity}`);
  demand(cash + position * mark === account.equity, 'cash + position x mark is not the equity');
  demand(Math.abs(units) <= config.maxUnits, `${units} units`);
  const { entryPrice, bestPrice, tradeStartEquity } = account;
  const open = !Number.isNaN(entryPrice) && !Number.isNaN(bestPrice) && !Number.isNaN(tradeStartEquity);
  demand(open === (units !== 0), 'the open trade is not the position');
  demand(Number.isFinite(account.logEquity), 'the logarithm is not finite');
  for (const action of [SELL, BUY] as const) {
    const order = account.orderFor(action, mark);
    demand(order === 0 || Math.sign(order) === (action === BUY ? 1 : -1), 'an order goes the wrong way');
    const reduces = order !== 0 && units !== 0 && Math.sign(order) !== Math.sign(units);
    demand(!reduces || order === -position, 'a reduction is not whole');
  }
}

/** As expect, for what is asked a million times. */
function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

it('keeps its books after every event of 10,000 random lives', SLOW, () => {
  let events = 0;
  let trades = 0;
  let stops = 0;
  fc.assert(
    fc.property(configs, randomLives, (config, life) => {
      let account = new Account(config);
      account.reset(100);
      const listen = (reason: string) => {
        if (reason === 'stop' || reason === 'target') stops++;
      };
      account.onFill = listen;
      for (const event of life) {
        if (account.ended) break;
        if (event.kind === 'bar') stepAccount(account, event);
        else if (event.kind === 'fill') tradeForReal(account, event);
        else if (event.kind === 'deposit') account.deposit(event.amount);
        else {
          const copy = new Account(config);
          copy.restore(JSON.parse(JSON.stringify(account.save())));
          expect(copy.save()).toEqual(account.save());
          account = copy;
          account.onFill = listen;
        }
        expectSound(account);
        if (event.kind === 'bar') expect(account.peakEquity).toBeGreaterThanOrEqual(account.equity);
        events++;
      }
      trades += account.closedTrades;
    }),
    { numRuns: 10_000, seed: 1 },
  );
  expect(events).toBeGreaterThan(100_000);
  expect(trades).toBeGreaterThan(10_000);
  expect(stops).toBeGreaterThan(5000);
});

/** The same life in the plainest words: no flows, no trade, only what the formulas say cash and position become. */
class PlainAccount {
  readonly config: AccountConfig;
  cash: number;
  position = 0;
  units = 0;
  spent = 0;
  bought = 0;
  mark = 100;
  ended = false;
  constructor(config: AccountConfig) {
    this.config = config;
    this.cash = config.startingEquity;
  }

  buy(quantity: number, price: number): void {
    const { slippageRate: s, feeRate: f } = this.config;
    this.cash -= quantity * price * (1 + s) * (1 + f);
    this.position += quantity;
    this.spent += quantity * price * (1 + s);
    this.bought += quantity;
  }

  sell(quantity: number, price: number): void {
    const { slippageRate: s, feeRate: f } = this.config;
    this.cash += quantity * price * (1 - s) * (1 - f);
    this.position -= quantity;
    this.spent += quantity * price * (1 - s);
    this.bought += quantity;
  }

  closeWhole(price: number): void {
    if (this.position > 0) this.sell(this.position, price);
    else this.buy(-this.position, price);
    this.position = 0;
    this.units = 0;
    this.spent = 0;
    this.bought = 0;
  }

  roundDown(quantity: number): number {
    const { quantityStep } = this.config;
    return quantityStep === 0 ? quantity : Math.floor(quantity / quantityStep) * quantityStep;
  }

  step(bar: Bar): void {
    const { mode, maxUnits, slippageRate: s, feeRate: f, unitQuote, startingEquity, borrowRatePerYear } = this.config;
    const { open, high, low, close: last } = pricesOf(this.mark, bar);
    const quote = unitQuote ?? Math.max(0, this.cash + this.position * this.mark) / maxUnits;
    const unit = this.roundDown(quote / (this.mark * (1 + s) * (1 + f)));
    if (this.position < 0) this.cash += ((this.position * this.mark * borrowRatePerYear) / 365.25 / 24) * bar.hours;
    const entersLong = bar.action === BUY && this.units >= 0 && this.units < maxUnits;
    const entersShort = bar.action === SELL && mode === 'margin' && this.units <= 0 && this.units > -maxUnits;
    if (entersLong) {
      const affordable = this.roundDown(this.cash / (this.mark * (1 + s) * (1 + f)));
      const paid = Math.min(unit, this.roundDown(this.cash / (open * (1 + s) * (1 + f))));
      if (affordable > 1e-6 * unit && paid > 1e-6 * unit) {
        this.units++;
        this.buy(paid, open);
      }
    } else if (entersShort && unit > 0) {
      this.units--;
      this.sell(unit, open);
    } else if ((bar.action === BUY && this.units < 0) || (bar.action === SELL && this.units > 0)) this.closeWhole(open);

    if (this.units !== 0) {
      const side = Math.sign(this.units);
      const entry = this.spent / this.bought;
      const stop = bar.stop === null ? Number.NaN : entry * (1 - side * bar.stop);
      const target = bar.target === null ? Number.NaN : entry * (1 + side * bar.target);
      if (side > 0 && low <= stop) this.closeWhole(Math.min(stop, open));
      else if (side < 0 && high >= stop) this.closeWhole(Math.max(stop, open));
      else if (side > 0 && high >= target) this.closeWhole(Math.max(target, open));
      else if (side < 0 && low <= target) this.closeWhole(Math.min(target, open));
    }
    const worst = this.units > 0 ? low : high;
    const worstEquity = this.cash + this.position * worst;
    if (mode === 'margin' && worstEquity < 0.05 * Math.abs(this.position) * worst) {
      if (this.units !== 0) this.closeWhole(worst);
      this.ended = true;
    }
    if (mode === 'spot' && this.cash + this.position * last < 0.05 * startingEquity) {
      if (this.units !== 0) this.closeWhole(last);
      this.ended = true;
    }
    this.mark = last;
  }
}

it('equals a plain recomputation, bar by bar', SLOW, () => {
  let liquidations = 0;
  fc.assert(
    fc.property(configs, randomBars, (config, life) => {
      const account = new Account(config);
      account.reset(100);
      const plain = new PlainAccount(config);
      for (const bar of life) {
        stepAccount(account, bar);
        plain.step(bar);
        expect([account.units, account.ended]).toEqual([plain.units, plain.ended]);
        expect(close(account.cash, plain.cash, config.startingEquity)).toBe(true);
        expect(close(account.position * account.mark, plain.position * plain.mark, config.startingEquity)).toBe(true);
        if (config.mode === 'spot') {
          expect(account.cash).toBeGreaterThanOrEqual(0);
          expect(account.position).toBeGreaterThanOrEqual(0);
        }
        if (plain.ended) break;
      }
      if (plain.ended) liquidations++;
    }),
    { numRuns: 4000, seed: 2 },
  );
  expect(liquidations).toBeGreaterThan(100);
});

it('goes on from any save as if undisturbed', () => {
  fc.assert(
    fc.property(configs, randomBars, fc.nat(24), (config, life, at) => {
      const whole = new Account(config);
      whole.reset(100);
      let stopped = new Account(config);
      stopped.reset(100);
      for (const [i, bar] of life.entries()) {
        if (whole.ended) break;
        if (i === at) {
          const copy = new Account(config);
          copy.restore(JSON.parse(JSON.stringify(stopped.save())));
          stopped = copy;
        }
        stepAccount(whole, bar);
        stepAccount(stopped, bar);
        expect(stopped.save()).toEqual(whole.save());
      }
    }),
    { numRuns: 1000, seed: 3 },
  );
});
