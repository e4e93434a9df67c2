/** How far a bot is from each limit after its last decision: its rules are asked as those of a run are. */
import type { Action } from '../../src/core/action.ts';
import type { Json } from '../../src/core/json.ts';
import type { DecisionFacts, RuleVerdict } from '../../src/core/shield.ts';
import type { BotDetail, BotMarket } from '../../src/dashboard/api.ts';
import { configureRules, type Overrides, type Profile } from '../../src/shield/index.ts';
import { type LimitReading, readRule } from './rule-limits.ts';

export interface BotLimit extends LimitReading {
  readonly verdict: RuleVerdict;
}

interface Record {
  readonly candle: readonly number[];
  readonly action: Action;
  readonly probabilities: readonly number[] | null;
  readonly qValues: readonly number[] | null;
  readonly clippedShare: number;
  readonly gapBars: number;
  readonly equity: number;
  readonly position: number;
  readonly units: number;
  readonly runtime: { readonly spread: number; readonly lastSlippage: number; readonly dataAgeMs: number };
  readonly shield: { readonly verdicts: readonly { readonly rule: string; readonly verdict: RuleVerdict }[] };
}

/** Sorted by what is nearest. */
export function readBotLimits({ setup, row }: BotDetail, { symbol, last }: BotMarket): BotLimit[] {
  const { shield, accounts } = setup as unknown as {
    shield: { profile: Profile; rules: Overrides };
    accounts: { [symbol: string]: { startingEquity: number; maxUnits: number; mode: 'spot' | 'margin' } };
  };
  const record = last.record as unknown as Record;
  const account = last.account as unknown as {
    cash: number;
    entryPrice: number;
    barsInTrade: number;
    closedTrades: number;
  };
  const states = (last.shield as { rules?: { [rule: string]: Json } } | null)?.rules ?? {};
  const [timeMs, open, high, low, close] = record.candle;
  const facts: DecisionFacts = {
    ...{ timeMs: timeMs + row.timeframeMs, timeframeMs: row.timeframeMs, open, high, low, close },
    ...{ position: record.position, units: record.units, equity: record.equity, cash: account.cash },
    ...{
      maxUnits: accounts[symbol].maxUnits,
      mode: accounts[symbol].mode,
      startingEquity: accounts[symbol].startingEquity,
    },
    ...{ entryPrice: record.units === 0 ? Number.NaN : account.entryPrice, tradeStartEquity: Number.NaN },
    ...{ barsInTrade: account.barsInTrade, lastTradeLogReturn: Number.NaN, closedTrades: account.closedTrades },
    ...{ values: new Float32Array(), window: 0, clippedShare: record.clippedShare, gapBars: record.gapBars },
    ...{ unitQuote: accounts[symbol].startingEquity / accounts[symbol].maxUnits, unknownState: false },
    ...{ dataAgeMs: Number(record.runtime.dataAgeMs), spread: Number(record.runtime.spread) },
    lastSlippage: Number(record.runtime.lastSlippage),
  };
  const decision = { action: record.action, probabilities: record.probabilities, qValues: record.qValues };
  return configureRules(shield.profile, shield.rules, ['smurf'])
    .flatMap((one) => {
      const said = record.shield.verdicts.find(({ rule }) => rule === one.rule.name)?.verdict ?? {
        kind: 'allow' as const,
      };
      const state = states[one.rule.name] ?? one.rule.initial(one.config);
      const { limits } = readRule(one, said, { state, request: record.action, facts, decision: decision as never });
      return limits.map((limit) => ({ ...limit, verdict: said }));
    })
    .filter(({ used }) => used !== null)
    .sort((a, b) => (b.used ?? 0) - (a.used ?? 0));
}
