/** What an account may hold and what it pays. */
import { InputError } from './errors.ts';

/**
 * What an account is: its money, costs, bounds and steps. Rates are shares (0.001 is 0.1 %), money is quote currency.
 */
export interface AccountConfig {
  /** Spot can't go below flat; margin can be short. Neither buys with borrowed quote currency. */
  readonly mode: 'spot' | 'margin';
  /** Units a position may have. */
  readonly maxUnits: number;
  /** Fee as a share of the executed notional, each side. */
  readonly feeRate: number;
  /** Executed price's distance from the market's, as a share, always against the account. */
  readonly slippageRate: number;
  /** Quantities are multiples of this amount of base currency; 0 for any quantity. */
  readonly quantityStep: number;
  /** Quote amount of a unit, costs included; null for equity / maxUnits at the decision. */
  readonly unitQuote: number | null;
  /** What a short position's borrowed base currency costs, as a share of its value per 365.25 days. */
  readonly borrowRatePerYear: number;
  /** Quote currency. */
  readonly startingEquity: number;
}

/**
 * Spot, 10,000 in quote currency, 4 units, 0.1 % fee and 0.05 % slippage a side.
 * @example
 * DEFAULT_ACCOUNT.feeRate; // => 0.001
 */
export const DEFAULT_ACCOUNT: AccountConfig = {
  mode: 'spot',
  maxUnits: 4,
  feeRate: 0.001,
  slippageRate: 0.0005,
  quantityStep: 0,
  unitQuote: null,
  borrowRatePerYear: 0.1,
  startingEquity: 10_000,
};

/** @throws InputError for a configuration that can't be traded. */
export function checkAccountConfig(config: AccountConfig): void {
  const demand = (holds: boolean, field: keyof AccountConfig, rule: string): void => {
    if (!holds) throw new InputError(`account.${field} is ${config[field]}: it must be ${rule}`);
  };
  demand(config.mode === 'spot' || config.mode === 'margin', 'mode', '"spot" or "margin"');
  demand(Number.isInteger(config.maxUnits) && config.maxUnits >= 1, 'maxUnits', 'an integer of at least 1');
  demand(config.feeRate >= 0 && config.feeRate < 1, 'feeRate', 'in [0, 1)');
  demand(config.slippageRate >= 0 && config.slippageRate < 1, 'slippageRate', 'in [0, 1)');
  demand(config.quantityStep >= 0 && config.quantityStep < Infinity, 'quantityStep', '0 or a positive amount');
  demand(config.unitQuote === null || config.unitQuote > 0, 'unitQuote', 'null or a positive amount');
  demand(config.borrowRatePerYear >= 0 && config.borrowRatePerYear < Infinity, 'borrowRatePerYear', 'at least 0');
  demand(config.startingEquity > 0 && config.startingEquity < Infinity, 'startingEquity', 'a positive amount');
}
