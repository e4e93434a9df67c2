import { DAY_MS } from '../calendar.ts';
import { barShare, type PriceColumns, type Values } from './find-prices.ts';
import type { Found } from './find-time.ts';
import { columnsNamed, isVolume, namesBase, namesQuote } from './names.ts';
import { listTitles, type Sample } from './sample.ts';

/** Which columns hold volume and trade counts, -1 where there is none, and in which currency the volume is. */
export interface VolumeColumns {
  readonly volume: number;
  readonly quoteVolume: number;
  readonly trades: number;
}

/** Share by which volume-weighted prices of an exchange may lie outside of its own low and high. */
const SLACK = 0.02;
/** Beyond what one market trades on a usual day, in dollars; and in any currency, of which a unit may be worth little. */
const LARGEST_TURNOVER_A_DAY = 2e11;
const LARGEST_IN_ANY_CURRENCY = 2e16;
const LIKE_DOLLARS = /(USD|USDT|USDC|BUSD|TUSD|DAI|EUR|GBP|CHF)$/i;

/** A bar's volumes, with what rounding may hide of each, and the prices between which it traded. */
export function fitsQuote(
  base: number,
  quote: number,
  low: number,
  high: number,
  baseHalf: number,
  quoteHalf: number,
): boolean {
  return (
    quote + quoteHalf >= (base - baseHalf) * low * (1 - SLACK) &&
    quote - quoteHalf <= (base + baseHalf) * high * (1 + SLACK)
  );
}

interface Hints {
  readonly prices: PriceColumns;
  /** Half of the last decimal of a column. */
  readonly half: (at: number) => number;
  /** What the user said about the unit of a single volume. */
  readonly unit: 'base' | 'quote' | undefined;
  readonly timeframeMs: number;
  /** What the market may be called: by the user, in the header, in its column. */
  readonly symbols: readonly string[];
  /** `--columns` for these volumes, -1 where there is none. */
  readonly spell: (volume: number, quoteVolume: number) => string;
}

/**
 * Base and quote volume and trade counts. Two volumes are told apart by price: base x price = quote. One alone is in
 * quote currency where its name, its source or its size says so, and in base currency by custom.
 */
export function findVolumes(
  sample: Sample,
  values: Values,
  taken: readonly number[],
  hints: Hints,
): Found<VolumeColumns> {
  const notes: string[] = [];
  const issues: string[] = [];
  const { hasHeader } = sample;
  const amounts = sample.titles.map((_, at) => at).filter((at) => !taken.includes(at) && isAmount(values.column(at)));
  const namedVolumes = amounts.filter((at) => isVolume(sample.names[at]));
  // A mean price, as Kraken's column of them, is no volume.
  const { open, high, low, close } = hints.prices;
  const isPrice = (at: number) => barShare(values, { open: at, high, low, close }) > 0.98 && open !== at;
  const free = amounts.filter(
    (at) =>
      !isPrice(at) &&
      !counts(values.column(at)) &&
      !rises(values.column(at)) &&
      values.column(at).some((value) => value !== 0 && value !== 1) &&
      // The number of ticks in each bar of an index is always the same.
      (values.length < 12 || values.column(at).some((value) => value !== values.column(at)[0])),
  );
  // A market of which only prices are known has a column of zeros.
  const silent = amounts.filter((at) => values.column(at).every((value) => value === 0)).slice(0, 1);
  const candidates = namedVolumes.length > 0 || hasHeader ? namedVolumes : free.length > 0 ? free : silent;
  const title = (at: number) => sample.titles[at];

  const pairs = candidates.flatMap((base) =>
    candidates
      .filter((quote) => quote !== base)
      .map((quote) => ({ base, quote, ...pairFit(values, base, quote, hints) }))
      .filter(({ either }) => either >= 0.9),
  );
  const total = (at: number) => values.column(at).reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0);
  const isQuote = (at: number) => namesQuote(sample.names[at]);
  // As named, where the names tell; else as most rows say; of several pairs (all trades, a part of them) the largest.
  const pair = pairs
    .filter((one) =>
      isQuote(one.base) !== isQuote(one.quote) && one.either > 0.9 ? isQuote(one.quote) : one.fits >= 0.5,
    )
    .toSorted((a, b) => total(b.base) - total(a.base) || a.quote - b.quote)[0];

  let volume = pair?.base ?? -1;
  const quoteVolume = pair?.quote ?? -1;
  const counted = findTrades(
    sample,
    values,
    free,
    hints,
    [hasHeader && volume < 0 ? (candidates[0] ?? -1) : volume, quoteVolume],
    notes,
  );
  if (pair !== undefined && !hasHeader)
    notes.push(`${title(volume)} is the volume and ${title(quoteVolume)} is it times the price, the quote volume`);
  if (pair === undefined) {
    const contracts = findContracts(values, candidates, hints);
    if (contracts !== null)
      notes.push(
        `${title(contracts.at)} is in contracts of ${Number(contracts.size.toPrecision(3))} of the quote currency and left out; ${title(contracts.base)} is in coins`,
      );
    const rest = candidates.filter((at) => at !== counted && (contracts === null || at === contracts.base));
    const bases = rest.filter((at) => !isQuote(at));
    const quotes = rest.filter(isQuote);
    if (rest.length === 0) {
      issues.push(`there is no column for volume (it has ${listTitles(sample)}); rename or add it`);
      return { value: null, notes, issues };
    }
    if (namedVolumes.length > 1 && bases.length > 0 && rest.length > 1 && hints.unit === undefined) {
      const called = bases.filter((at) => namesBase(sample.names[at]));
      const exact = called.length === 1 ? called[0] : bases.find((at) => /^(v|vol|volume)$/.test(sample.names[at]));
      const [one, two] = [exact ?? bases[0], quotes[0] ?? rest.find((at) => at !== (exact ?? bases[0]))!];
      const { either } = pairFit(values, one, two, hints);
      if (isQuote(two) || exact === undefined)
        issues.push(
          `${title(one)} and ${title(two)} disagree with the price in ${Math.round(100 * (1 - either))} % of the rows, so one of them is no volume; name the right one with --columns ${hints.spell(one, -1)} or, in quote currency, --columns ${hints.spell(-1, two)}`,
        );
      volume = one;
    } else volume = bases[0] ?? quotes[0];
    if (!hasHeader && rest.length > 1) {
      const others = rest.filter((at) => at !== volume).map(title);
      notes.push(`${title(volume)} is taken as the volume; ${others.join(', ')} can't be told and is left out`);
    }
    const quoted = quotedBy(sample, values, volume, hints, isQuote(volume));
    if (hints.unit === 'quote' || (hints.unit === undefined && quoted.reason !== null)) {
      notes.push(
        `${title(volume)} is in quote currency (${hints.unit === 'quote' ? 'as --volume says' : quoted.reason}); divided by the mean of open, high, low and close to get base volume`,
      );
      return { value: { volume: -1, quoteVolume: volume, trades: counted }, notes, issues };
    }
    if (hints.unit === undefined && quoted.doubt !== null)
      issues.push(
        `${title(volume)} may be in base or in quote currency (${quoted.doubt}): in the first row ${describe(values, volume, hints)}; say which with --volume base or --volume quote`,
      );
    else if (values.column(volume).every((value) => value === 0))
      notes.push(`${title(volume)} is 0 throughout: the file knows no volume`);
    else if (hints.unit === undefined && contracts === null && !namesBase(sample.names[volume]))
      notes.push(
        `${title(volume)} is taken to be in base currency; nothing in the file tells (--volume quote if it isn't)`,
      );
  }
  return { value: { volume, quoteVolume, trades: counted }, notes, issues };
}

function describe(values: Values, at: number, { prices }: Hints): string {
  const close = values.column(prices.close);
  const i = values.column(at).findIndex((value, row) => value > 0 && close[row] > 0);
  if (i < 0) return 'nothing traded';
  const value = values.column(at)[i];
  return `${value} coins or ${(value / close[i]).toPrecision(6)}`;
}

/** Why a single volume must, or may, be in quote currency. */
function quotedBy(sample: Sample, values: Values, at: number, hints: Hints, byName: boolean) {
  const all = new Set(sample.names);
  const is = (reason: string) => ({ reason, doubt: null });
  const pair = hints.symbols.map((symbol) => symbol.toLowerCase().split(/[/_-]/)).find((parts) => parts.length > 1);
  const [base, quote] = pair ?? [];
  const name = sample.names[at];
  // BTC is the quote currency of ETH/BTC, and USDT the base of USDT/TRY.
  const names = (currency: string | undefined) =>
    currency !== undefined && currency.length > 2 && name.includes(currency);
  if (names(base) !== names(quote)) return names(quote) ? is('as its name says') : { reason: null, doubt: null };
  if (byName) return is('as its name says');
  if (all.has('marketcap')) return is('CoinMarketCap counts it in dollars');
  if (all.has('starttime') && all.has('time')) return is('FTX counted it in dollars');
  const close = values.column(hints.prices.close);
  const turnovers = Array.from(values.column(at), (value, i) => value * close[i]).filter((one) => one > 0);
  turnovers.sort((a, b) => a - b);
  const typical = turnovers[Math.floor(turnovers.length / 2)] ?? 0;
  const turnover = typical * (DAY_MS / hints.timeframeMs);
  const impossible = `as coins it would be ${turnover.toPrecision(2)} traded a day`;
  if (
    turnover >
    (hints.symbols.some((symbol) => LIKE_DOLLARS.test(symbol)) ? LARGEST_TURNOVER_A_DAY : LARGEST_IN_ANY_CURRENCY)
  )
    return is(`${impossible}, more than there is`);
  if (turnover > LARGEST_TURNOVER_A_DAY)
    return { reason: null, doubt: `${impossible}, more than any market has in dollars` };
  const yahoo = all.has('adjclose') || sample.headerCells.length > 1;
  if (!yahoo) return { reason: null, doubt: null };
  if (hints.symbols.some((symbol) => /-(USD|EUR|GBP|JPY)$/i.test(symbol)))
    return is('Yahoo counts that of currencies so');
  return { reason: null, doubt: 'Yahoo gives that of currencies in quote, that of shares in pieces' };
}

/** Whether a column counts up, as an index of rows does. */
function counts(column: Float64Array): boolean {
  return (
    column.length > 2 &&
    column.every((value, i) => i === 0 || (value - column[i - 1] === column[1] - column[0] && value !== column[0]))
  );
}

function isAmount(column: Float64Array): boolean {
  let [good, all] = [0, 0];
  for (const value of column) {
    all++;
    if (value >= 0) good++;
  }
  return good >= 0.5 * all;
}

/** Whether a column only ever rises, or only ever falls, as times and ids do. */
function rises(column: Float64Array): boolean {
  if (column.length < 12) return false;
  let [up, down] = [0, 0];
  for (let i = 1; i < column.length; i++) {
    if (column[i] > column[i - 1]) up++;
    if (column[i] < column[i - 1]) down++;
  }
  return up >= 0.97 * (column.length - 1) || down >= 0.97 * (column.length - 1);
}

/** Shares of the rows that tell in which one column is the other times the price; either way round, and this way. */
function pairFit(values: Values, base: number, quote: number, { prices, half }: Hints) {
  const [b, q, low, high] = [base, quote, prices.low, prices.high].map(values.column);
  let [fits, either, all] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!(b[i] > 0 || q[i] > 0) || !(low[i] > 0)) continue;
    const named = fitsQuote(b[i], q[i], low[i], high[i], half(base), half(quote));
    const fit = named || fitsQuote(q[i], b[i], low[i], high[i], half(quote), half(base));
    // One that is rounded to nothing fits anything.
    if (fit && !(b[i] > half(base) && q[i] > half(quote))) continue;
    all++;
    if (named) fits++;
    if (fit) either++;
  }
  return all === 0 ? { fits: 0, either: 0 } : { fits: fits / all, either: either / all };
}

/**
 * A volume in contracts that are worth a fixed amount of quote currency, as inverse futures have it, and the one in coins
 * beside it: in nearly every row contracts over coins times price are the same number, and not 1.
 */
function findContracts(values: Values, candidates: readonly number[], { prices, half }: Hints) {
  const [low, high] = [prices.low, prices.high].map(values.column);
  const total = (at: number) => values.column(at).reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0);
  let best: { at: number; base: number; size: number; total: number } | null = null;
  for (const at of candidates)
    for (const base of candidates) {
      const [a, b] = [values.column(at), values.column(base)];
      if (at === base || half(at) !== 0.5) continue;
      const rows = Array.from(a, (_, i) => i).filter((i) => a[i] >= 50 && b[i] > 0);
      const sizes = rows.map((i) => (b[i] * (low[i] + high[i])) / 2 / a[i]).sort((x, y) => x - y);
      const size = Number(sizes[Math.floor(sizes.length / 2)]?.toPrecision(1));
      const fits = rows.filter((i) => fitsQuote(b[i], a[i] * size, low[i], high[i], half(base), half(at) * size));
      // A round size: contracts are of 1, 10 or 100.
      if (rows.length < 12 || fits.length < 0.95 * rows.length || Number(size.toExponential()[0]) !== 1) continue;
      if (best === null || total(at) > best.total) best = { at, base, size, total: total(at) };
    }
  return best;
}

/** Trade counts: small whole numbers that don't rise with time and are 0 where nothing traded. */
function findTrades(
  sample: Sample,
  values: Values,
  free: readonly number[],
  hints: Hints,
  volumes: readonly number[],
  notes: string[],
): number {
  const { hasHeader } = sample;
  const [named] = columnsNamed('trades', sample.names);
  if (hasHeader && named === undefined) return -1;
  const priceColumns = Object.values(hints.prices);
  const others = free.filter((at) => !volumes.includes(at) && !priceColumns.includes(at));
  if (named !== undefined) {
    const why = whyNoCount(values, named, volumes, hints);
    if (why === null) return named;
    notes.push(`${sample.titles[named]} is called a trade count but ${why}; left out`);
    return -1;
  }
  // Without a header the volume comes first.
  const rest = volumes[0] >= 0 ? others : others.slice(1);
  const count =
    rest.find((at) => whyNoCount(values, at, volumes[0] >= 0 ? volumes : [others[0], -1], hints) === null) ?? -1;
  if (count >= 0)
    notes.push(`${sample.titles[count]} is taken as the trade count: whole numbers that don't rise with time`);
  return count;
}

function whyNoCount(values: Values, at: number, [volume]: readonly number[], hints: Hints): string | null {
  const column = values.column(at);
  const tested = column.filter((value) => !Number.isNaN(value));
  if (tested.length < 0.5 * column.length) return 'holds no numbers';
  const share = (test: (value: number) => boolean) => tested.filter(test).length / tested.length;
  if (share((value) => Number.isInteger(value) && value >= 0) < 0.9) return "isn't whole numbers";
  if (share((value) => value <= 1e8) < 0.99) return 'is too large';
  if (rises(column)) return 'rises with time';
  if (share((value) => value <= 1) > 0.98) return 'is never more than one';
  if (volume < 0 || volume === at) return null;
  if (pairFit(values, volume, at, hints).fits > 0.9 && hints.half(volume) < 0.5) return 'is the volume times the price';
  const traded = values.column(volume);
  let [odd, all, least, most] = [0, 0, Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(column[i]) || Number.isNaN(traded[i])) continue;
    all++;
    if (column[i] >= 100 && traded[i] > 0) {
      least = Math.min(least, column[i] / traded[i]);
      most = Math.max(most, column[i] / traded[i]);
    }
    if (column[i] === 0 && traded[i] > 0) odd++;
  }
  // Rounded to whole contracts, a hundred and more are within a part in a hundred.
  if (all >= 12 && most > 0 && most < 1.02 * least) return 'is the volume in contracts';
  return odd > 0.1 * all ? 'is 0 where something traded' : null;
}
