/** A reward of one's own: log equity, less a price for each bar in the market. Usage: --plugin examples/plugins/patient-reward.ts --set training.reward=patient */
import { type AccountReward, definePlugin } from 'tradernet/plugin';

/** In log return a bar. */
const PRICE = 0.0002;

const patient: AccountReward = {
  kind: 'account',
  name: 'patient',
  docs: `the change of log equity, less ${PRICE} for each bar with a position`,
  horizon: 1,
  hindsight: false,
  // What it pays follows from the bar, the units held and the action: the exact agent can be trained on it.
  pathDependent: false,
  memory: 0,
  pay: (account, _action, logChange) => logChange - (account.units === 0 ? 0 : PRICE),
};

export default definePlugin({ rewards: [patient] });
