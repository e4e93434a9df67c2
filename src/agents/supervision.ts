/**
 * Training a supervisor is a matter of configuration: a DQN agent, the smurf reward of a bar's outlook, no future and
 * no account. Whether it is of any use is judged by how often it speaks.
 */
import { type Action, BUY, SELL } from '../core/action.ts';
import type { AgentDecision } from '../core/agent.ts';

/** What `train --smurf` sets, over the DQN defaults. */
export const SMURF_SETTINGS = { agent: 'dqn', reward: 'smurf(horizon)', gamma: 0, accountFeatures: false } as const;

/** Shares of the primary's requests that increase risk; a supervisor outside them decides nothing or everything. */
export const VETO_LIMITS = { least: 0.05, most: 0.95 } as const;

/**
 * How a supervisor did on a validation: how many requests that increase risk it vetoed, and whether that is in bounds.
 */
export interface SupervisionCheck {
  readonly accepted: boolean;
  /** Requests of the primary agent that increase risk, and how many of them the supervisor turned into HOLD. */
  readonly requests: number;
  readonly vetoes: number;
  /** One sentence for people. */
  readonly reason: string;
}

/** Whether an order would make the position larger; `units` is signed, and what the mask forbids does nothing. */
export function increasesRisk(action: Action, units: number, mask: Uint8Array): boolean {
  if (mask[action] === 0) return false;
  return (action === BUY && units >= 0) || (action === SELL && units <= 0);
}

/** Counts what an integrated agent's supervisor does on a validation. */
export class VetoCounter {
  #requests = 0;
  #vetoes = 0;

  /** One decision of an IntegratedAgent, at the units held and the mask it was made with. */
  count(decision: AgentDecision, units: number, mask: Uint8Array): void {
    if (!increasesRisk(decision.vetoed ?? decision.action, units, mask)) return;
    this.#requests++;
    if (decision.vetoed !== undefined) this.#vetoes++;
  }

  judge(): SupervisionCheck {
    const requests = this.#requests;
    const vetoes = this.#vetoes;
    const share = vetoes / requests;
    const { least, most } = VETO_LIMITS;
    const counted = `the supervisor vetoes ${vetoes} of ${requests} requests that increase risk`;
    if (requests === 0) {
      const reason =
        'the primary agent never asks for more risk on the validation fold, so no supervisor can be judged';
      return { accepted: false, requests, vetoes, reason };
    }
    const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
    const accepted = share >= least && share <= most;
    const limit = share < least ? `less than ${percent(least)}` : `more than ${percent(most)}`;
    return { accepted, requests, vetoes, reason: `${counted}, ${accepted ? percent(share) : limit}` };
  }
}
