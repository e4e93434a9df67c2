/**
 * A rule of one's own in the shield: nothing is opened in the hours after a losing trade. A rule sees the request and
 * the facts and says how far the account may move; it can't open anything. In the project itself a rule is a file in
 * src/shield/rules/ and a line in its index. Usage: npm run example examples/custom-rule.ts
 */
import {
  ALLOW,
  BASELINES,
  backtest,
  configureRules,
  DEFAULT_ACCOUNT,
  measure,
  type Rule,
  RuleShield,
  reduceOnly,
  synthesize,
  threshold,
} from 'tradernet';
import { z } from 'zod';

type State = { closed: number; lostMs: number };

const coolDown: Rule<{ hours: number }, State> = {
  name: 'cool-down',
  doc: 'reductions only for some hours after a losing trade',
  config: z.strictObject({ hours: threshold(z.number().min(0), 'higher', 'hours', 'length of the rest') }),
  state: z.strictObject({ closed: z.int(), lostMs: z.number() }),
  standard: { hours: 24 },
  profiles: {},
  initial: () => ({ closed: 0, lostMs: -1e15 }),
  judge({ hours }, state, { facts }) {
    const lost = facts.closedTrades > state.closed && facts.lastTradeLogReturn < 0;
    const lostMs = lost ? facts.timeMs : state.lostMs;
    const restedHours = (facts.timeMs - lostMs) / 3_600_000;
    return {
      verdict: restedHours < hours ? reduceOnly('cool-down', { restedHours, hours }) : ALLOW,
      state: { closed: facts.closedTrades, lostMs },
    };
  },
};

const { series } = synthesize({ bars: 3000, seed: 5, trends: false });
const coinFlip = BASELINES.find(({ name }) => name === 'coin-flip')!;
const rows = { from: 500, to: 3000 };
for (const hours of [0, 24, 240]) {
  const context = { series, table: null, account: DEFAULT_ACCOUNT, train: null, test: rows, reference: null, seed: 1 };
  const { policy } = coinFlip.create(context);
  const own = { rule: coolDown, config: { hours } } as unknown as ReturnType<typeof configureRules>[number];
  const shield = new RuleShield([...configureRules('none'), own]);
  const ledger = backtest({ policy, series, table: null, account: DEFAULT_ACCOUNT, shield, rows });
  const { trades, maxDrawdown } = measure(ledger);
  console.log(`${hours} hours of rest: ${trades} trades, maximum drawdown ${maxDrawdown}`);
}
