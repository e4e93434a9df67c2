import { readFills } from './answers.ts';
import type { CcxtSession } from './ccxt-session.ts';
import type { Fill, VenueOrder } from './venue.ts';
import type { VenueRow } from './venues.ts';

/** Fills of one order, or all from `sinceMs` on, page by page. */
export async function fetchAllFills(
  session: CcxtSession,
  row: VenueRow,
  symbol: string,
  which: { readonly sinceMs: number } | { readonly order: VenueOrder },
): Promise<Fill[]> {
  const market = await session.market(symbol);
  const { fillsWindowMs, fillsPerPage } = row;
  const only = 'order' in which ? { orderId: which.order.venueOrderId } : {};
  const fills = new Map<string, Fill>();
  // An order is asked for by its id, without a time: venues cut either way.
  let fromMs = 'order' in which ? undefined : which.sinceMs;
  for (;;) {
    const window = fromMs === undefined || fillsWindowMs === null ? {} : { until: fromMs + fillsWindowMs - 1 };
    const sinceMs = fromMs;
    const answer = await session.askSigned('private', (exchange) =>
      exchange.fetchMyTrades(symbol, sinceMs, fillsPerPage, { ...only, ...window }),
    );
    const page = readFills(answer, market);
    const before = fills.size;
    for (const fill of page) fills.set(fill.fillId, fill);
    if (fromMs === undefined) break;
    if (page.length >= fillsPerPage && fills.size > before) fromMs = page[page.length - 1].timeMs;
    else if (fillsWindowMs !== null && fromMs + fillsWindowMs < session.serverTimeMs) fromMs += fillsWindowMs;
    else break;
  }
  const wanted = 'order' in which ? which.order.venueOrderId : null;
  return [...fills.values()]
    .filter((fill) => wanted === null || fill.venueOrderId === wanted)
    .sort((a, b) => a.timeMs - b.timeMs);
}
