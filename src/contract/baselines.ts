import { backtestBaseline, findBaseline } from '../evaluate/baselines/index.ts';
import { findPolicyLeak } from '../evaluate/leak-check.ts';
import { BARS, CUTS, complaints, makeMarket } from './world.ts';

export function checkBaseline(name: string): string[] {
  return complaints((complain) => {
    const baseline = findBaseline(name);
    const { series, table, account } = makeMarket([]);
    const test = { from: 300, to: BARS };
    const reference = backtestBaseline(findBaseline('coin-flip'), {
      ...{ series, table, account, train: null, test, reference: null, seed: 2 },
    });
    const context = { table, account, train: { from: 100, to: 300 }, test, reference, seed: 1 };
    const run = () => backtestBaseline(baseline, { ...context, series });
    const [first, second] = [run(), run()];
    if (first.actions.some((action, at) => action !== second.actions[at]))
      complain('decides otherwise the second time');
    if (!first.equity.every(Number.isFinite)) complain('leaves an equity that is no number');
    const leak = findPolicyLeak(
      ...([series, test, CUTS.filter((cut) => cut > test.from)] as const),
      (version) => ({ policy: baseline.create({ ...context, series: version }).policy, table }),
      account,
    );
    if (leak !== null) complain(`its decision ${leak.index} depends on what comes after bar ${leak.cut}`);
  });
}
