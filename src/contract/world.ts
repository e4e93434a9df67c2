/** The made-up market on which contracts are tried, and what stands around it. */
import { DEFAULT_ACCOUNT } from '../core/account.ts';
import { InputError } from '../core/errors.ts';
import { ACCOUNT_COLUMNS, scaleTable } from '../features/observation.ts';
import { fitScaler } from '../features/scaler.ts';
import { featureSet } from '../features/sets.ts';
import { computeFeatures } from '../features/table.ts';
import { synthesize } from '../market/synthetic.ts';

export const BARS = 900;
/** Where the future is changed. */
export const CUTS: readonly number[] = [350, 500, 777];

/** A market with trades and trends. */
export const makeSeries = (seed = 1) => synthesize({ bars: BARS, seed }).series;

/** The market with its features, as an agent sees it. */
export function makeMarket(extraColumns: readonly string[] = ACCOUNT_COLUMNS) {
  const series = makeSeries();
  const features = computeFeatures(series, featureSet('tradernet19'));
  const scaler = fitScaler(features, 0, BARS, 'standardise');
  return { series, scaler, table: scaleTable(features, scaler, { extraColumns }), account: DEFAULT_ACCOUNT };
}

/** What `check` throws is what is wrong. */
export function complaints(check: (complain: (what: string) => void) => void): string[] {
  const found: string[] = [];
  try {
    check((what) => found.push(what));
  } catch (error) {
    const { message } = error as Error;
    found.push(error instanceof InputError ? message : `throws: ${message.split('\n')[0]}`);
  }
  return found;
}
