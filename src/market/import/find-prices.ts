import type { Found } from './find-time.ts';
import { columnsNamed, PRICES, type Price } from './names.ts';
import { listTitles, type Sample } from './sample.ts';

/** Which columns hold the four prices. */
export type PriceColumns = Readonly<Record<Price, number>>;

/** The sample as numbers, in the order of time: `column(at)[i]` belongs to the i-th oldest row; NaN where it's none. */
export interface Values {
  readonly length: number;
  readonly column: (at: number) => Float64Array;
}

/** Rows that may break a rule that nearly all follow. */
const TOLERATED = 0.02;
/** How much farther from the closes before another column must be than the opens are. */
const CLEARLY = 1.25;
/** Where the four prices stand after the time on most exchanges; KuCoin and Bitfinex; Coinbase; Gate.io. */
const USUAL_ORDERS = ['ohlc', 'ochl', 'lhoc', 'chlo'];

const toColumns = ([open, high, low, close]: readonly number[]): PriceColumns => ({ open, high, low, close });
const orderOf = (prices: PriceColumns): string =>
  PRICES.toSorted((a, b) => prices[a] - prices[b])
    .map((price) => price[0])
    .join('');

/** Share of the rows in which the high is the highest and the low the lowest of the four; 1 where there are no rows. */
export function barShare(values: Values, { open, high, low, close }: PriceColumns): number {
  const [o, h, l, c] = [open, high, low, close].map(values.column);
  let [good, all] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(o[i] + h[i] + l[i] + c[i])) continue;
    all++;
    if (h[i] >= o[i] && h[i] >= c[i] && l[i] <= o[i] && l[i] <= c[i]) good++;
  }
  return all === 0 ? 1 : good / all;
}

/** Mean distance from each open to the close before, relative, at most 0.1 a row. */
export function jumpOf(values: Values, openAt: number, closeAt: number): number {
  const [open, close] = [values.column(openAt), values.column(closeAt)];
  let [sum, count] = [0, 0];
  for (let i = 1; i < values.length; i++) {
    const jump = Math.abs(open[i] / close[i - 1] - 1);
    if (Number.isNaN(jump)) continue;
    sum += Math.min(jump, 0.1);
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/** `--columns` for a table in which these are the prices. */
export function spellColumns(
  sample: Sample,
  time: number,
  prices: PriceColumns,
  volume: number,
  quoteVolume = -1,
): string {
  const words = sample.titles.map((_, at) => {
    if (at === time) return 'time';
    if (at === volume) return 'volume';
    if (at === quoteVolume) return 'quote_volume';
    return PRICES.find((price) => prices[price] === at) ?? '-';
  });
  return words.join(',');
}

/**
 * The four prices, by name where there is one, and by value: the high is the highest, the low the lowest, and an open
 * is near the close before. Names that the values contradict are refused.
 */
export function findPrices(
  sample: Sample,
  values: Values,
  taken: readonly number[],
  spell: (p: PriceColumns) => string,
) {
  const issues: string[] = [];
  const notes: string[] = [];
  const free = sample.titles.map((_, at) => at).filter((at) => !taken.includes(at));
  const named = PRICES.map((price) => columnsNamed(price, sample.names).find((at) => free.includes(at)) ?? -1);
  const found = (value: PriceColumns | null): Found<PriceColumns> => ({ value, notes, issues });
  const missing = PRICES.filter((_, i) => named[i] < 0);
  const fits = search(values, free, named);

  if (missing.length === 0) {
    const prices = toColumns(named);
    const share = barShare(values, prices);
    const swapped = { ...prices, open: prices.close, close: prices.open };
    if (share < 0.5) {
      const better = search(values, named, [-1, -1, -1, -1])[0];
      if (better !== undefined) {
        issues.push(
          `the columns ${named.map((at) => sample.titles[at]).join(', ')} aren't what they are called: in ${percent(1 - share)} of the rows the high isn't the highest or the low not the lowest, but in all with --columns ${spell(better.prices)}`,
        );
        return found(null);
      }
    }
    const [asNamed, otherwise] = [
      jumpOf(values, prices.open, prices.close),
      jumpOf(values, swapped.open, swapped.close),
    ];
    if (values.length >= 8 && otherwise * 2 * CLEARLY < asNamed && asNamed > 1e-4) {
      issues.push(
        `open and close look swapped: the column ${sample.titles[prices.close]} is nearer to the ${sample.titles[prices.open]} of the bar before than the other way round (${permille(otherwise)} against ${permille(asNamed)}); say which is which with --columns ${spell(swapped)} or --columns ${spell(prices)}`,
      );
      return found(null);
    }
    return found(prices);
  }

  const [best] = fits;
  if (best === undefined) {
    issues.push(
      sample.hasHeader && missing.length < 3
        ? `there is no column for ${missing.join(', ')} (it has ${listTitles(sample)}), and none whose values could be; rename or add it`
        : `found no four columns that could be open, high, low and close; add a header line such as time,open,high,low,close,volume above the data`,
    );
    return found(null);
  }
  const rivals = fits.filter((one) => one.jump < CLEARLY * best.jump + 1e-9 && one !== best);
  const different = rivals.filter((one) => !sameValues(values, one.prices, best.prices));
  if (different.length > 0) {
    issues.push(
      `the four prices may stand in more than one order; say which with --columns ${spell(best.prices)} or --columns ${spell(different[0].prices)}`,
    );
    return found(null);
  }
  // Orders that mean the same so far: the most usual, which the rest of the file must bear out.
  const usual = [best, ...rivals].toSorted((a, b) => rank(a.prices) - rank(b.prices))[0];
  const order = PRICES.toSorted((a, b) => usual.prices[a] - usual.prices[b]);
  notes.push(
    missing.length === 4
      ? `no header names the prices; by their values they are ${order.join(', ')} (columns ${order.map((one) => usual.prices[one] + 1).join(', ')})`
      : `no column is called ${missing.join(', ')}; by its values it is ${missing.map((one) => sample.titles[usual.prices[one]]).join(', ')}`,
  );
  return found(usual.prices);
}

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const permille = (share: number) => `${(100 * share).toPrecision(2)} %`;

function rank(prices: PriceColumns): number {
  const at = USUAL_ORDERS.indexOf(orderOf(prices));
  return at < 0 ? USUAL_ORDERS.length : at;
}

function sameValues(values: Values, a: PriceColumns, b: PriceColumns): boolean {
  return PRICES.every((price) => {
    const [one, two] = [values.column(a[price]), values.column(b[price])];
    return one.every((value, i) => Object.is(value, two[i]));
  });
}

/** All ways to read four of the columns as prices that fit, best first; `fixed` holds what is settled, or -1. */
function search(values: Values, columns: readonly number[], fixed: readonly number[]) {
  const alike = priceLike(values, columns);
  const fits: { prices: PriceColumns; jump: number }[] = [];
  for (const group of alike)
    for (const high of pick(group, fixed[1]))
      for (const low of pick(group, fixed[2])) {
        if (high === low) continue;
        for (const open of pick(group, fixed[0]))
          for (const close of pick(group, fixed[3])) {
            if (new Set([open, high, low, close]).size < 4) continue;
            const prices = { open, high, low, close };
            // Where no name says otherwise the four stand side by side: what looks like a price farther off is none.
            const side = Math.max(open, high, low, close) - Math.min(open, high, low, close) === 3;
            if (!side && columns.length > 4 && fixed.every((at) => at < 0)) continue;
            if (barShare(values, prices) < 1 - TOLERATED) continue;
            fits.push({ prices, jump: jumpOf(values, open, close) });
          }
      }
  return fits.sort((a, b) => a.jump - b.jump);
}

const pick = (group: readonly number[], fixed: number): readonly number[] =>
  fixed < 0 ? group : group.includes(fixed) ? [fixed] : [];

/** Groups of four columns and more whose values lie within a factor of two of each other in nearly every row. */
function priceLike(values: Values, columns: readonly number[]): number[][] {
  const left = columns.filter((at) => values.column(at).some((value) => value > 0));
  const groups: number[][] = [];
  while (left.length > 0) {
    const [first, ...others] = left;
    const group = [first, ...others.filter((at) => alike(values, first, at))];
    for (const at of group) left.splice(left.indexOf(at), 1);
    if (group.length >= 4 && group.length <= 12) groups.push(group);
  }
  return groups;
}

function alike(values: Values, a: number, b: number): boolean {
  const [one, two] = [values.column(a), values.column(b)];
  let [near, all] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const ratio = one[i] / two[i];
    if (Number.isNaN(ratio)) continue;
    all++;
    if (ratio > 0.5 && ratio < 2) near++;
  }
  return all > 0 && near >= (1 - TOLERATED) * all;
}
