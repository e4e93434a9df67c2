import type { Clock } from '../core/clock.ts';
import type { Market, OrderRequest } from '../exchange/venue.ts';
import type { Fault, FaultBook } from './faults.ts';
import { coarserFilters, type FillPlan, type MatchingEngine } from './matching.ts';

/** What the simulated venue and the rehearsal server share: an engine, its faults, and the venue's own time. */
export class VenueWorld {
  readonly clock: Clock;
  readonly engine: MatchingEngine;
  readonly faults: FaultBook;
  /** The venue's clock, as of the last `wake`. */
  timeMs = 0;
  #skewMs = 0;
  /** The filters to go back to while they are coarser; null while they are as at the start. */
  #filters: readonly Market[] | null = null;
  #late: { readonly dueMs: number; readonly request: OrderRequest }[] = [];

  constructor(clock: Clock, engine: MatchingEngine, faults: FaultBook) {
    this.clock = clock;
    this.engine = engine;
    this.faults = faults;
  }

  /** An order that is still on its way. */
  placeLater(request: OrderRequest, dueMs: number): void {
    this.#late.push({ dueMs, request });
  }

  /** Brings the venue to the present: its clock, late orders, faults of the account, matching. */
  wake(): void {
    const nowMs = this.clock.nowMs();
    this.#skewMs += this.faults.strike(['clock-skew'], nowMs, 'venue')?.amountMs ?? 0;
    // A venue's clock may stand still for a while, but time never runs backwards in its candles and fills.
    this.timeMs = Math.max(this.timeMs, Math.floor(nowMs) + this.#skewMs);
    if (this.#late.length > 0) {
      for (const { dueMs, request } of this.#late) if (dueMs <= this.timeMs) this.engine.place(request, dueMs);
      this.#late = this.#late.filter(({ dueMs }) => dueMs > this.timeMs);
    }
    this.engine.advance(this.timeMs);
    if (this.faults.strike(['filter-change'], nowMs, 'venue') !== null) this.#changeFilters();
    const open = this.engine.markets.flatMap((market) => this.engine.openOrders(market.symbol));
    if (open.length === 0 || this.faults.strike(['exchange-cancel'], nowMs, 'venue') === null) return;
    for (const { venueOrderId } of open) this.engine.cancel({ venueOrderId }, this.timeMs);
  }

  /** Coarser, and with the next change back again. */
  #changeFilters(): void {
    const { markets } = this.engine;
    for (const market of this.#filters ?? markets.map(coarserFilters)) this.engine.changeMarket(market);
    this.#filters = this.#filters === null ? markets : null;
  }
}

/** How an order fills under the two faults that leave it half done. */
export function fillPlanOf(fault: Fault): FillPlan {
  return fault.kind === 'partial-then-cancel'
    ? { firstShare: 0.4, restMs: 2_000, cancelRest: true }
    : { firstShare: 0.4, restMs: fault.amountMs, cancelRest: false };
}
