/** Venues of the table before local servers that speak their documented dialects, in time that a test moves by hand. */
import type { Clock } from '../../src/core/clock.ts';
import { type ConnectorOptions, ExchangeConnector } from '../../src/exchange/connector.ts';
import type { Keys } from '../../src/exchange/keys.ts';
import { venueRow } from '../../src/exchange/venues/index.ts';
import { type Amount, amount } from '../venue/amount.ts';
import { BinanceServer } from '../venue/binance-server.ts';
import { dialectRows, openVenue } from '../venue/dialects.ts';
import { HostileExchange, type Rules } from '../venue/exchange.ts';
import type { MarketPath } from '../venue/market-path.ts';
import { rulesOf } from '../venue/rules.ts';
import { type Trouble, TroubleBook } from '../venue/troubles.ts';

export const symbol = 'BTC/USDT';

/** Every venue that has a server in `test/venue`. */
export const dialectNames = ['binance', ...dialectRows.map(({ name }) => name)];

export interface DialectSetup {
  readonly nowMs: () => number;
  readonly path: MarketPath;
  readonly balances: Readonly<Record<string, Amount>>;
  readonly troubles?: readonly Trouble[];
  readonly changes?: Partial<Rules>;
}

/** A venue's exchange with its ledger, and its server. */
export async function openDialect(name: string, setup: DialectSetup) {
  const { path, nowMs, balances, troubles = [], changes = {} } = setup;
  const row = dialectRows.find((one) => one.name === name);
  if (row !== undefined) {
    const paths = new Map([[symbol, path]]);
    const { exchange, server, url } = await openVenue(row, { paths, nowMs, balances, troubles, changes });
    const { apiKey: key, secret, password } = row.credentials;
    const keys: Keys = { key, secret, ...(password === undefined ? {} : { passphrase: password }) };
    return { exchange, server, url, keys };
  }
  const rules = rulesOf('BTC', 'USDT', changes);
  const exchange = new HostileExchange({
    ...{ rules: [rules], paths: new Map([[symbol, path]]), balances, feeRate: amount('0.001') },
    ...{ troubles: new TroubleBook(troubles), seed: 1 },
  });
  const keys: Keys = { key: 'key', secret: 'secret' };
  const server = new BinanceServer({ exchange, keys, speed: 1, nowMs });
  return { exchange, server, url: await server.start(), keys };
}

/** The same with the connector before it; both are ended by `close`. */
export async function connectDialect(
  name: string,
  setup: Omit<DialectSetup, 'nowMs'>,
  clock: Clock,
  options: Partial<ConnectorOptions> = {},
) {
  const opened = await openDialect(name, { ...setup, nowMs: () => clock.nowMs() });
  const { url, keys, server } = opened;
  const venue = new ExchangeConnector({ venue: name, clock, keys, localUrl: url, ...options });
  const { placesOrder } = venueRow(name);
  return {
    ...opened,
    venue,
    /** Requests that came in and place an order, by the venue's row. */
    placed: () =>
      server.seen.map((line) => line.split(' ')).filter(([method, path]) => placesOrder(method, path)).length,
    close: async () => {
      await venue.close();
      await server.stop();
    },
  };
}
