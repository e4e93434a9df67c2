import { readFills } from './answers.ts';
import type { CcxtSession } from './ccxt-session.ts';
import type { Fill, VenueOrder } from './venue.ts';
import type { FillsPage, VenueRow } from './venues/row.ts';

/** More pages than any stretch of time that is ever asked for. */
const MOST_PAGES = 500;
const MARGIN_MS = 60_000;

/** Fills of one order, or all from `sinceMs` on: every page of them, ascending by time, each once. */
export async function fetchAllFills(
  session: CcxtSession,
  row: VenueRow,
  symbol: string,
  which: { readonly sinceMs: number } | { readonly order: VenueOrder },
): Promise<Fill[]> {
  const market = await session.market(symbol);
  const order = 'order' in which ? which.order : null;
  const sinceMs = 'order' in which ? which.order.timeMs - MARGIN_MS : which.sinceMs;
  const fills = new Map<string, Fill>();
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const at: string | null = cursor;
    const found: FillsPage = await session.askSigned('private', (exchange) =>
      row.fetchFillsPage(exchange, {
        ...{ symbol, marketId: exchange.market(symbol).id, orderId: order?.venueOrderId ?? null },
        ...{ sinceMs, nowMs: session.serverTimeMs, cursor: at },
      }),
    );
    for (const fill of readFills(found.fills, market)) fills.set(fill.fillId, fill);
    if (found.next === null || found.next === cursor) break;
    cursor = found.next;
  }
  return [...fills.values()]
    .filter((fill) => (order === null ? fill.timeMs >= sinceMs : fill.venueOrderId === order.venueOrderId))
    .sort((a, b) => a.timeMs - b.timeMs);
}
