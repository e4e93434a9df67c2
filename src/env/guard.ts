/**
 * A shield around one account of an environment: it masks what it denies before an agent samples, stands between
 * the action and the account, and guards the position within a bar. It is told what a backtest would tell it.
 */
import type { Account } from '../core/account.ts';
import type { Action } from '../core/action.ts';
import { describeDecision } from '../core/decision-facts.ts';
import type { DecisionFacts, Shield } from '../core/shield.ts';

/** The bar at whose close a decision is made. */
export type DecisionBar = Pick<
  DecisionFacts,
  'timeMs' | 'timeframeMs' | 'open' | 'high' | 'low' | 'close' | 'clippedShare'
>;

export interface GuardViews {
  /** (window, features) */
  readonly values: Float32Array;
  readonly window: number;
  /** (3) */
  readonly mask: Uint8Array;
  /** Where the layer's columns are kept, from the first on; null where the observation hasn't got them. */
  readonly bits: Float32Array | null;
}

export class Guard {
  readonly layer: Shield;
  readonly protect: Shield['levels'];
  readonly #account: Account;
  readonly #views: GuardViews;
  #halted = false;

  constructor(layer: Shield, account: Account, views: GuardViews) {
    this.layer = layer;
    this.protect = (facts) => layer.levels(facts);
    this.#account = account;
    this.#views = views;
  }

  /** A new episode has a new account, so nothing of the last one's layer is kept. */
  reset(): void {
    this.layer.reset({ person: true });
    this.#halted = false;
  }

  /** Clears what the layer would deny from the mask, and writes what decides it. */
  mask(bar: DecisionBar): void {
    const { mask, bits } = this.#views;
    this.layer.maskObservation?.(this.#describe(bar), mask, bits, 0);
  }

  /** The signed order that an action comes to. */
  orderOf(action: Action, bar: DecisionBar): number {
    const asked = { action, probabilities: null, qValues: null };
    const { final, flatten, state } = this.layer.decide(asked, this.#describe(bar));
    this.#halted = state === 'HALTED';
    return flatten ? this.#account.closingOrder : this.#account.request(final);
  }

  /** Halted and flat: nothing but HOLD can follow. */
  get isOver(): boolean {
    return this.#halted && this.#account.units === 0;
  }

  #describe(bar: DecisionBar): DecisionFacts {
    const { values, window } = this.#views;
    const { fills, config } = this.#account;
    return describeDecision(this.#account, {
      ...bar,
      values,
      window,
      // An episode's windows have no gap.
      gapBars: 0,
      dataAgeMs: 0,
      unknownState: false,
      spread: Number.NaN,
      lastSlippage: fills === 0 ? Number.NaN : config.slippageRate,
    });
  }
}
