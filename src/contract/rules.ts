import type { Json } from '../core/json.ts';
import { backtest } from '../evaluate/backtest.ts';
import { findBaseline } from '../evaluate/baselines/index.ts';
import { configureRules, profileConfig } from '../shield/profiles.ts';
import { PROFILES } from '../shield/rule.ts';
import { RULES } from '../shield/rules/index.ts';
import { RuleShield } from '../shield/shield.ts';
import { BARS, complaints, makeMarket } from './world.ts';

const VERDICTS = ['allow', 'deny', 'reduce-only', 'halt'];

/** Every question of a backtest of coin flips is put to it twice, its state frozen and written down in between. */
export function checkRule(name: string): string[] {
  return complaints((complain) => {
    const rule = RULES.find((one) => one.name === name);
    if (rule === undefined) return complain('is not in the list');
    for (const profile of [null, ...PROFILES]) {
      const config = profile === null ? rule.standard : profileConfig(rule, profile);
      const { error } = rule.config.safeParse(config ?? rule.standard);
      if (error !== undefined)
        complain(`its thresholds ${profile ?? 'as they stand'} don't fit its own schema: ${error.message}`);
    }
    let said = false;
    const complainOnce = (what: string) => {
      if (!said) complain(what);
      said = true;
    };
    const watched: typeof rule = {
      ...rule,
      judge(config, state, question) {
        const written = JSON.stringify(state);
        let result: ReturnType<typeof rule.judge>;
        try {
          result = rule.judge(config, deepFreeze(state), question);
        } catch (error) {
          complainOnce(`throws, or changes the state that it was given: ${(error as Error).message}`);
          throw error;
        }
        const again = rule.judge(config, JSON.parse(written) as Json, question);
        if (JSON.stringify(result) !== JSON.stringify(again)) complainOnce('judges one question in two ways');
        if (!VERDICTS.includes(result.verdict.kind)) complainOnce(`its verdict is ${JSON.stringify(result.verdict)}`);
        if (!rule.state.safeParse(JSON.parse(JSON.stringify(result.state))).success)
          complainOnce(`its state ${JSON.stringify(result.state)} doesn't fit its own schema`);
        return result;
      },
    };
    const { series, account } = makeMarket();
    const rows = { from: 200, to: BARS };
    const { policy } = findBaseline('coin-flip').create({
      ...{ series, table: null, account, train: null, test: rows, reference: null, seed: 1 },
    });
    const shield = new RuleShield([...configureRules('none'), { rule: watched, config: rule.standard }]);
    backtest({ policy, series, table: null, account, shield, rows });
  });
}

function deepFreeze<T extends Json>(value: T): T {
  if (value === null || typeof value !== 'object') return value;
  for (const inner of Object.values(value)) deepFreeze(inner as Json);
  return Object.freeze(value);
}
