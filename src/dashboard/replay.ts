/**
 * What a page needs to make an evaluation's decisions once more: the fold's candles, its observations, the agent and
 * what stood around it. The page runs the program's own decision step on them, so nothing is told twice.
 */
import type { AccountConfig } from '../core/account.ts';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import type { ExperimentConfig } from '../experiment/config.ts';
import { findCheckpoint, prepareEvaluation } from '../experiment/evaluate-run.ts';
import { readSettings } from '../experiment/registered-settings.ts';
import { nameFold, type Tried } from '../experiment/trial.ts';
import { scalerFromJson } from '../features/scaler.ts';
import type { CandleStore } from '../market/store.ts';
import { createKernels } from '../nn/index.ts';
import { RunRegistry } from '../runs/registry.ts';
import { pack } from './pack.ts';

/** Bars before the fold that are shown with it. */
const BEFORE = 200;

/** What stands beside the arrays of a replay. */
export interface ReplayHead {
  readonly run: string;
  readonly result: string;
  readonly symbol: string;
  readonly venue: string;
  readonly timeframeMs: number;
  readonly account: AccountConfig;
  readonly shield: ExperimentConfig['shield'];
  /** Whether a closed gate kept the agent from acting. */
  readonly resting: boolean;
  /** Rows before the fold; it begins with the next. */
  readonly before: number;
  readonly table: {
    readonly columns: readonly string[];
    readonly signature: string;
    readonly width: number;
    readonly marketWidth: number;
    readonly window: number;
    readonly rows: number;
    readonly extraScale: number;
  };
  /** Smallest and largest scaled value of each of the market's columns: there the scaler cuts. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** The checkpoint's files that an agent is loaded from, by path below it. */
function readAgentFiles(files: FileSystem, folder: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const walk = (below: string): void => {
    for (const name of files.list(below === '' ? folder : `${folder}/${below}`)) {
      const path = below === '' ? name : `${below}/${name}`;
      if (files.isDirectory(`${folder}/${path}`)) walk(path);
      else if (name === 'checkpoint.json' || name === 'model.safetensors')
        found.set(`agent/${path}`, files.read(`${folder}/${path}`));
    }
  };
  walk('');
  return found;
}

/** @throws InputError where the evaluation doesn't say what it was of, or its data is not what it was */
export async function prepareReplay(
  files: FileSystem,
  store: CandleStore,
  { run: name, result }: { readonly run: string; readonly result: string },
): Promise<Uint8Array<ArrayBuffer>> {
  const run = new RunRegistry(files).open(name);
  const record = run.result(result);
  const tried = record?.tried as unknown as Tried | undefined;
  if (record == null || record.spans === undefined || tried === undefined)
    throw new InputError(`${name}: ${result} doesn't say what it was of; evaluate it again`);
  if (tried.supervisor !== null)
    throw new InputError(`${name}: ${result} had a supervisor beside it; its decisions can't be shown here yet`);
  const kernels = await createKernels({ kind: 'reference' });
  try {
    const part = /^(?:(last|integrated)-)?test-/.exec(result)?.[1];
    const runContext = { files, kernels, codeVersion: '', clock: null as never };
    const checkpoint = findCheckpoint(part === undefined ? name : `${name}/${part}`, runContext);
    const { config, symbols } = readSettings(run);
    const { venue, timeframe } = config.market;
    const { timeframeMs } = checkpoint.agent.spec;
    const series = symbols.map((symbol) => store.load(venue, symbol, timeframeMs));
    const { prepared } = prepareEvaluation({ checkpoint, series, config });
    const chosen = prepared.markets.find((market) => nameFold(market, 'test') === record.foldKey);
    if (chosen === undefined || run.registration.dataHash !== prepared.dataHash)
      throw new InputError(`${name}: the stored candles (${timeframe}) are not those of ${result}; evaluate it again`);
    const { test } = chosen.split;
    const scaler = scalerFromJson(checkpoint.agent.spec.scaler);
    const from = Math.max(0, test.from - BEFORE);
    const { table, series: candles } = chosen;
    const cut = <T extends Float64Array | Float32Array | Uint8Array>(array: T, width = 1) =>
      array.slice(from * width, test.to * width) as T;
    const head: ReplayHead = {
      ...{ run: name, result, symbol: candles.symbol, venue, timeframeMs },
      ...{ account: tried.account, shield: tried.shield, resting: tried.resting, before: test.from - from },
      table: {
        ...{ columns: table.columns, signature: table.signature, width: table.width, marketWidth: table.marketWidth },
        ...{ window: table.window, rows: test.to - from, extraScale: table.extraScale },
      },
      ...{ low: [...scaler.low], high: [...scaler.high] },
    };
    const arrays = new Map<string, Uint8Array | Float32Array | Float64Array>([
      ['data', cut(table.data, table.width)],
      ['decidable', cut(table.decidable)],
      ['clippedShare', cut(table.clippedShare)],
      ...(['timeMs', 'open', 'high', 'low', 'close', 'volume'] as const).map(
        (column) => [column, cut(candles[column])] as const,
      ),
      ['returns', Float64Array.from(record.returns)],
      ...readAgentFiles(files, checkpoint.path),
    ]);
    return pack(head, arrays);
  } finally {
    kernels.dispose();
  }
}
