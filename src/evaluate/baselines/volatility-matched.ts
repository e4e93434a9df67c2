import type { AccountConfig } from '../../core/account.ts';
import { HOLD } from '../../core/action.ts';
import { backtest } from '../backtest.ts';
import { barReturns, type Ledger } from '../ledger.ts';
import { variance } from '../moments.ts';
import type { Baseline, BaselineContext } from './baseline.ts';
import { holdingPolicy, wholeAccount } from './buy-and-hold.ts';
import { constantPolicy } from './constant.ts';

const NAME = 'volatility-matched';

/** 2^-20 of the equity is finer than any volatility that is printed. */
const STEPS = 20;

function volatility(ledger: Ledger): number {
  return Math.sqrt(variance(barReturns(ledger)));
}

/** The share of the starting equity that, held, swings as much as the reference; at most all of it. */
function matchShare(context: BaselineContext, reference: Ledger): number {
  const whole = wholeAccount(context.account);
  const holding = (share: number): AccountConfig => ({ ...whole, unitQuote: share * whole.startingEquity });
  const swing = (share: number) =>
    volatility(
      backtest({
        policy: holdingPolicy(NAME),
        series: context.series,
        table: context.table,
        account: holding(share),
        shield: null,
        rows: context.test,
      }),
    );
  const target = volatility(reference);
  if (swing(1) <= target) return 1;
  let low = 0;
  let high = 1;
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (swing(middle) < target) low = middle;
    else high = middle;
  }
  return low;
}

export const volatilityMatched: Baseline = {
  name: NAME,
  label: 'Volatility-matched holding',
  doc: 'buy and hold with the part of the equity whose volatility is that of the agent; the rest stays in cash',
  needs: ['reference'],
  create: (context) => {
    const share = matchShare(context, context.reference as Ledger);
    if (share === 0) return { policy: constantPolicy(NAME, HOLD) };
    const whole = wholeAccount(context.account);
    return { policy: holdingPolicy(NAME), account: { ...whole, unitQuote: share * whole.startingEquity } };
  },
};
