import type { Condition } from './condition.ts';

/** An evaluation on data that it never saw found an edge; without one, trading is a way to pay fees. */
export const edgeVerdict: Condition = {
  name: 'edge-verdict',
  doc: "an evaluation on the test fold with the verdict 'edge'",
  check({ verdicts }) {
    if (verdicts.includes('edge')) return null;
    if (verdicts.length === 0) return "it was never evaluated; run 'tradernet evaluate'";
    return `its verdict is '${verdicts.join("', '")}', not 'edge'`;
  },
};
