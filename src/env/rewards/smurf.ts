import { HOLD } from '../../core/action.ts';
import type { Reward } from './reward.ts';

/** HOLD's bonus as a share of the fee rate: the published 0.0055 at a fee of 1 %. */
const SMURF_SHARE = 0.55;

/**
 * The base reward, but HOLD earns a small bonus: what the supervisor is trained with.
 * @example
 * smurf(rewardNamed('market-order')).name; // => 'smurf(market-order)'
 */
export function smurf(base: Reward, share = SMURF_SHARE): Reward {
  const facts = { name: `smurf(${base.name})`, docs: `${base.docs}; HOLD earns ${share} x the fee rate on top` };
  if (base.kind === 'account') {
    return {
      ...base,
      ...facts,
      pay: (account, action, logChange, memory) =>
        base.pay(account, action, logChange, memory) + (action === HOLD ? share * account.config.feeRate : 0),
    };
  }
  return {
    ...base,
    ...facts,
    table(series, costs) {
      const out = base.table(series, costs);
      for (let i = HOLD; i < out.length; i += 3) out[i] += share * costs.feeRate;
      return out;
    },
  };
}
