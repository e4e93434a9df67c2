import type { Condition } from './condition.ts';

/** Fees and turnover are sums of many fills. */
const ROUNDING = 1e-9;

/**
 * An evaluation on data that it never saw found an edge, on each symbol, behind the same shield and at the venue's fees
 * or higher ones; without one, trading is a way to pay fees.
 */
export const edgeVerdict: Condition = {
  name: 'edge-verdict',
  doc: "an evaluation on the test fold with the verdict 'edge', for each symbol, at the venue's fees",
  check({ symbols, evaluations, takerFees }) {
    for (const symbol of symbols) {
      const own = evaluations.filter((one) => one.symbol === symbol);
      const edges = own.filter(({ verdict }) => verdict === 'edge');
      const takerFee = takerFees.get(symbol) ?? 0;
      if (own.length === 0) return `${symbol} was never evaluated behind this shield; run 'tradernet evaluate'`;
      if (edges.length === 0)
        return `${symbol}: its verdict is '${own.map(({ verdict }) => verdict).join("', '")}', not 'edge'`;
      if (!edges.some(({ feeRate }) => feeRate !== null && feeRate >= takerFee * (1 - ROUNDING)))
        return `${symbol}: its edge was found at a fee of ${edges[0].feeRate}, the venue takes ${takerFee}; evaluate it with --set account.feeRate=${takerFee}`;
    }
    return null;
  },
};
