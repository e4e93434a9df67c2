/**
 * Venues whose documented dialect a local server speaks, each a file. They are written from the venues' public
 * documents and share nothing with the product: what passes here was not believed by its own author alone.
 */
import { bitgetRow } from './bitget-server.ts';
import type { BodyTrouble } from './bodies.ts';
import { bybitRow } from './bybit-server.ts';
import { coinbaseRow } from './coinbase-server.ts';
import { type Dialect, DialectServer } from './dialect-server.ts';
import { HostileExchange, type Rules, type Ways } from './exchange.ts';
import { gateRow } from './gate-server.ts';
import { krakenRow } from './kraken-server.ts';
import { kucoinRow } from './kucoin-server.ts';
import type { MarketPath } from './market-path.ts';
import { okxRow } from './okx-server.ts';
import { type Trouble, TroubleBook } from './troubles.ts';

export interface Credentials {
  readonly apiKey: string;
  readonly secret: string;
  readonly password?: string;
}

export interface DialectRow {
  /** ccxt's id of the venue. */
  readonly name: string;
  readonly credentials: Credentials;
  readonly ways: Ways;
  readonly feeRate: bigint;
  /** A market as the venue has it. */
  rules(base: string, quote: string): Rules;
  dialect(exchange: HostileExchange): Dialect;
  /** What ccxt's `urls.api` must be to reach it. */
  urls(url: string): unknown;
  /** Settings of ccxt without which the dialect isn't spoken. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** What its documents say that a client for another venue wouldn't expect. */
  readonly quirks: readonly string[];
}

export const dialectRows: readonly DialectRow[] = [
  krakenRow,
  okxRow,
  kucoinRow,
  coinbaseRow,
  bitgetRow,
  gateRow,
  bybitRow,
];

export interface VenueSetup {
  /** By symbol: `BTC/USDT`. */
  readonly paths: ReadonlyMap<string, MarketPath>;
  readonly balances: Readonly<Record<string, bigint>>;
  readonly nowMs: () => number;
  readonly troubles?: readonly Trouble[];
  readonly seed?: number;
  readonly feeCoin?: string;
  readonly mistreat?: (method: string, path: string, nowMs: number) => BodyTrouble | null;
  readonly limit?: { readonly requests: number; readonly perMs: number };
  readonly changes?: Partial<Rules>;
}

/** An exchange with its ledger, and its server. */
export async function openVenue(row: DialectRow, setup: VenueSetup) {
  const { paths, balances, nowMs, troubles = [], seed = 1, feeCoin, mistreat, limit, changes } = setup;
  const exchange = new HostileExchange({
    ...{ paths, balances, seed, feeRate: row.feeRate, troubles: new TroubleBook(troubles), ways: row.ways },
    ...(feeCoin === undefined ? {} : { feeCoin }),
    rules: [...paths.keys()].map((symbol) => {
      const [base, quote] = symbol.split('/');
      return { ...row.rules(base, quote), ...changes };
    }),
  });
  const server = new DialectServer({
    ...{ exchange, dialect: row.dialect(exchange), nowMs },
    ...(mistreat === undefined ? {} : { mistreat }),
    ...(limit === undefined ? {} : { limit }),
  });
  const url = await server.start();
  return { exchange, server, url, urls: row.urls(url) };
}
