import type { Candidate, Condition } from './condition.ts';

const describe = ({ verdict, window, reason }: Candidate['evaluations'][number]) =>
  `'${verdict}' on ${window} (${reason})`;

/**
 * An evaluation on data that it never saw comes to an edge, today and on each symbol, behind the same shield and
 * supervisor, in the same account, and at the venue's fees or higher ones; without one, trading is a way to pay fees.
 */
export const edgeVerdict: Condition = {
  name: 'edge-verdict',
  doc: "an evaluation on the test fold with the verdict 'edge', for each symbol, with this shield, supervisor and account, at the venue's fees",
  check({ symbols, evaluations, takerFees }) {
    for (const symbol of symbols) {
      const own = evaluations.filter((one) => one.symbol === symbol);
      const same = own.filter(({ differs }) => differs.length === 0);
      const edges = same.filter(({ verdict }) => verdict === 'edge');
      const takerFee = takerFees.get(symbol) ?? 0;
      if (own.length === 0)
        return `${symbol} was never evaluated by a version that says of what; run 'tradernet evaluate'`;
      if (same.length === 0)
        return `${symbol} was never evaluated as it is to trade: another ${own[0].differs.join(', ')} on ${own[0].window}; run 'tradernet evaluate'`;
      if (edges.length === 0) return `${symbol}: judged again, its verdict is ${same.map(describe).join(', ')}`;
      if (!edges.some(({ feeRate }) => feeRate >= takerFee))
        return `${symbol}: its edge was found at a fee of ${edges[0].feeRate}, the venue takes ${takerFee}; evaluate it with --set account.feeRate=${takerFee}`;
    }
    return null;
  },
};
