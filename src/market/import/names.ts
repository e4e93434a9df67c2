/** What a column of a table of candles may hold; `--columns` says it by these words. */
export const ROLES = [
  ...['time', 'clock', 'open', 'high', 'low', 'close', 'volume', 'quote_volume', 'trades', 'symbol', 'closed'],
  'filled',
] as const;
export type Role =
  | 'time'
  | 'clock'
  | 'open'
  | 'high'
  | 'low'
  | 'close'
  | 'volume'
  | 'quote_volume'
  | 'trades'
  | 'symbol'
  | 'closed'
  | 'filled';
export const PRICES = ['open', 'high', 'low', 'close'] as const;
export type Price = (typeof PRICES)[number];

/** Names as `normalise` leaves them, by preference: a number is more exact than a written time, an open than a close. */
const NAMES: Record<Exclude<Role, 'volume' | 'quote_volume'>, readonly string[]> = {
  time: [
    ...['opentimems', 'timestampms', 'unixms', 'opentime', 'timeperiodstart', 'timeopen', 'starttime', 'unix'],
    ...['unixtimestamp', 'unixtime', 'timestamp', 'ts', 'epoch', 'datetime', 'dateutc', 'date', 'time', 'timeutc'],
    ...['candlebegintime', 'begintime', 'start', 'begin', 't', 'opentimeutc', 'bartime', 'id', 'day', 'index'],
    ...['closetime', 'timeclose', 'timeperiodend', 'endtime', 'end'],
  ],
  clock: ['time', 'timeutc', 'clock', 'hour'],
  open: ['open', 'openprice', 'priceopen', 'o', 'first', 'opening'],
  high: ['high', 'highprice', 'pricehigh', 'h', 'max', 'highest'],
  low: ['low', 'lowprice', 'pricelow', 'l', 'min', 'lowest'],
  close: ['close', 'closeprice', 'priceclose', 'c', 'last', 'closelast', 'closing', 'price'],
  trades: [
    ...['trades', 'tradecount', 'tradescount', 'numberoftrades', 'numtrades', 'ntrades', 'nooftrades', 'tradenum'],
    ...['count', 'n', 'transactions'],
  ],
  symbol: [
    ...['symbol', 'pair', 'ticker', 'market', 'instrument', 'tic', 'instrumentname', 'instrumentid', 'instid'],
    ...['productid', 'currencypair', 'tradingpair'],
  ],
  closed: ['confirm', 'confirmed', 'closed', 'isclosed', 'isfinal', 'windowclose'],
  filled: ['filled'],
};

/** Letters and digits of any script, without accents. */
export function normalise(name: string): string {
  return name
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** A column's name, normalised; without the unit in brackets of a price and a number before it: `1a. close (USD)`. */
export function nameOf(title: string): string {
  const short = normalise(title.replaceAll(/\(.*?\)|\[.*?\]|^\s*\d+[a-z]?\.\s/g, ''));
  return PRICES.some((price) => NAMES[price].includes(short)) ? short : normalise(title);
}

/** Columns by how well their name fits a role, best first. */
export function columnsNamed(role: keyof typeof NAMES, names: readonly string[]): number[] {
  return NAMES[role].flatMap((wanted) => names.flatMap((name, at) => (name === wanted ? [at] : [])));
}

/** A name that says 'the bar's end'. */
export function isCloseTime(name: string): boolean {
  return NAMES.time.slice(-5).includes(name);
}

/** What pages in other languages call it. */
const VOLUMES = [
  ...['wol', 'wolumen', 'hac', 'hacim', 'obem', 'objem', 'omsattning', 'объем', 'обсяг', 'όγκος'].map(normalise),
  ...['成交量', '交易量', '出来高', '거래량', 'حجم', 'נפח', 'ปริมาณ'].map(normalise),
];

const QUOTES = /(usdt|usdc|busd|tusd|usd|eur|gbp|jpy|krw|try|dai|quote|turnover|foreignnotional|volumeto|dollar)/;

export function isVolume(name: string): boolean {
  if (/taker|buy|sell|mean|avg|average|change|marketcap|weighted/.test(name)) return false;
  return (
    /^(v|amount|quantity|turnover|homenotional|foreignnotional)$|^(vol|volume)|(vol|volume)$/.test(name) ||
    /^quoteassetvolume/.test(name) ||
    VOLUMES.includes(name)
  );
}

/** Whether a volume's name says that it is in base currency. */
export function namesBase(name: string): boolean {
  return /base/.test(name);
}

/** Whether a volume's name says that it is in quote currency. */
export function namesQuote(name: string): boolean {
  return QUOTES.test(name);
}
