import type { Ledger } from '../ledger.ts';
import type { Metric } from './metric.ts';

/** Part of a bar's volume that a fill may take, and the share of the fills that have to keep to it. */
const PARTICIPATION = 0.01;
const FILLS = 0.95;

/** Fills grow with the account, so each bounds it: starting equity x participation x volume / quantity. */
function largestEquity({ fills, volume, firstRow, startingEquity }: Ledger): number | null {
  if (fills.length === 0) return null;
  const bounds = Float64Array.from(fills, ({ row, quantity }) => volume[row - firstRow] / Math.abs(quantity)).sort();
  const kept = Math.ceil(FILLS * bounds.length);
  return startingEquity * PARTICIPATION * bounds[bounds.length - kept];
}

/**
 * Within a small part of the volume a price is moved little (Almgren, Thum, Hauptmann and Li, "Direct estimation of
 * equity market impact", Risk 18, 2005), and the costs charged are about right.
 */
export const capacity: Metric = {
  name: 'capacity',
  label: 'Capacity',
  unit: 'quote',
  better: 'higher',
  doc: "starting equity up to which 95 % of the fills take at most 1 % of their bar's volume",
  compute: largestEquity,
};
