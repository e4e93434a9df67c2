/**
 * Faults that a careless change could bring into the shield: `npm run mutate:shield -- --planted` says that a test catches
 * each, in every time zone but UTC, where local time can't be told from it.
 */
import type { Planted } from './planted-live.ts';

export const PLANTED: readonly Planted[] = [
  {
    what: 'the state of its rules is lost at a restart',
    file: 'src/shield/shield.ts',
    from: 'if (!(rule.name in saved.data.rules)) return rule.initial(config);',
    to: 'return rule.initial(config);',
  },
  {
    what: 'a halt is forgotten at a restart',
    file: 'src/shield/shield.ts',
    from: 'this.#latch = saved.data.latch;',
    to: 'this.#latch = null;',
  },
  {
    what: 'a day begins at the midnight of the machine',
    file: 'src/shield/rules/daily-loss.ts',
    from: 'Math.floor((timeMs - 1) / DAY_MS)',
    to: 'Math.floor((timeMs - 1 - new Date(timeMs).getTimezoneOffset() * 60_000) / DAY_MS)',
  },
  {
    what: 'trading hours are those of the machine',
    file: 'src/shield/rules/trading-hours.ts',
    from: 'const hour = hourCount % 24;',
    to: 'const hour = new Date(timeMs).getHours();',
  },
  {
    what: 'equity is the cash alone, so an open loss is none',
    file: 'src/decision/facts.ts',
    from: 'equity: account.equityAt(close) - account.deposits',
    to: 'equity: account.cash - account.deposits',
  },
  {
    what: 'a deposit is a profit',
    file: 'src/decision/facts.ts',
    from: 'equity: account.equityAt(close) - account.deposits',
    to: 'equity: account.equityAt(close)',
  },
  {
    what: 'a halt sells as many coins as there are units',
    file: 'src/decision/step.ts',
    from: 'this.flatten ? account.closingOrder',
    to: 'this.flatten ? 0 - account.units',
  },
  {
    what: 'a halt leaves short positions open',
    file: 'src/shield/shield.ts',
    from: 'latch !== null && facts.position !== 0',
    to: 'latch !== null && facts.position > 0',
  },
  {
    what: 'a denial holds an exit back',
    file: 'src/shield/shield.ts',
    from: "return verdict.kind === 'deny' && exits === 'literal';",
    to: "return verdict.kind === 'deny';",
  },
  {
    what: 'the last verdict stands, not the strictest',
    file: 'src/shield/shield.ts',
    from: 'const final = verdicts.some(',
    to: 'const final = verdicts.slice(-1).some(',
  },
  {
    what: 'a rule that throws allows',
    file: 'src/shield/shield.ts',
    from: 'verdict: halt(`rule-failed',
    to: "verdict: { kind: 'allow' } || halt(`rule-failed",
  },
  {
    what: 'the highest equity is forgotten with the episode',
    file: 'src/shield/rules/max-drawdown.ts',
    from: 'carry: ({ peak, reference }) => ({ peak, reference, rested: 0 })',
    to: 'carry: () => nothing',
  },
  {
    what: 'orders that were denied count as sent',
    file: 'src/shield/rules/order-rate.ts',
    from: 'return ordered ?',
    to: 'return ordered || times.length >= 0 ?',
  },
  {
    what: "a short position's stop lies on the side of its gain",
    file: 'src/shield/levels.ts',
    from: 'price * (1 - gain) : Number.NaN',
    to: 'price * (1 + gain) : Number.NaN',
  },
  {
    what: 'evidence of drift is lost with the episode',
    file: 'src/shield/rules/drift.ts',
    from: 'carry: (state) => state,',
    to: '',
  },
];
