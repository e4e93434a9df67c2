/** A rule of the shield of one's own: nothing is opened at the weekend. Usage: --plugin examples/plugins/weekend-rule.ts */
import { ALLOW, asRule, definePlugin, noState, reduceOnly, threshold, z } from 'tradernet/plugin';

const weekend = asRule<{ hours: number }, null>({
  name: 'weekend',
  doc: 'reductions only from so many hours before Saturday, 00:00 UTC, until Monday',
  config: z.strictObject({
    hours: threshold(z.number().min(0).max(24), 'higher', 'hours', 'of Friday that count too'),
  }),
  state: noState,
  standard: { hours: 2 },
  // A profile that names the rule has it; `shield.rules` takes it in anywhere: --set 'shield.rules={"weekend":{}}'.
  profiles: { cautious: {} },
  initial: () => null,
  // A rule says how far the account may move. It names no action, so it can't open a trade, and an exit always passes.
  judge({ hours }, state, { facts }) {
    const time = new Date(facts.timeMs);
    const [day, hour] = [time.getUTCDay(), time.getUTCHours()];
    const closed = day === 6 || day === 0 || (day === 5 && hour >= 24 - hours);
    return { verdict: closed ? reduceOnly('weekend', { day, hour }) : ALLOW, state };
  },
});

export default definePlugin({ rules: [weekend] });
