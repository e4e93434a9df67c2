/** Opens, for a command, what the library takes as arguments: files, database, kernels, version. */

import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LEARNERS } from '../agents/index.ts';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { LEARNER_NAMES } from '../experiment/config.ts';
import type { RunContext } from '../experiment/run-context.ts';
import { CandleStore, MARKET_DATABASE } from '../market/store.ts';
import { createKernels, type KernelKind } from '../nn/index.ts';
import type { Context, Options, OptionsOf } from './command.ts';
import type { Config } from './config.ts';
import { parseChoice, parseInteger, parseTimeframe } from './options.ts';

export const AGENT_OPTION = {
  '--agent <name>': {
    doc: LEARNERS.map(({ name, summary }) => `${name} (${summary})`).join(', '),
    choices: LEARNER_NAMES,
    config: 'training.agent',
  },
} satisfies Options;

const KERNEL_CHOICES: readonly (KernelKind | 'auto')[] = ['auto', 'native', 'wasm', 'reference'];

export const KERNEL_OPTIONS = {
  '--kernels <kind>': { doc: 'auto, native, wasm or reference; also TRADERNET_KERNELS', choices: KERNEL_CHOICES },
  '--threads <n>': { doc: 'threads of the kernels (default: the free cores)', parse: parseInteger(1, 64) },
} satisfies Options;

type KernelOptions = OptionsOf<typeof KERNEL_OPTIONS>;

/** Cores that nobody is using just now, at least one. */
export function freeCores(): number {
  const cores = availableParallelism();
  return Math.max(1, Math.min(cores, Math.round(cores - loadavg()[0])));
}

/** `0.1.0`, and the commit where the sources lie in a checkout. */
export function readCodeVersion(): string {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const head = join(root, '.git/HEAD');
  if (!existsSync(head)) return version;
  const text = readFileSync(head, 'utf8').trim();
  if (!text.startsWith('ref: ')) return `${version}+${text.slice(0, 12)}`;
  const ref = join(root, '.git', text.slice('ref: '.length));
  return existsSync(ref) ? `${version}+${readFileSync(ref, 'utf8').trim().slice(0, 12)}` : version;
}

export async function openKernels(options: KernelOptions, context: Context) {
  const environment = context.env.TRADERNET_KERNELS;
  const kind =
    options.kernels ??
    (environment === undefined || environment === '' ? 'auto' : parseChoice(KERNEL_CHOICES)(environment));
  return createKernels({ kind, threads: options.threads ?? freeCores() });
}

export async function openRunContext(options: KernelOptions, context: Context): Promise<RunContext> {
  return {
    files: new NodeFileSystem(context.storage),
    clock: context.clock,
    kernels: await openKernels(options, context),
    codeVersion: readCodeVersion(),
    signal: context.signal,
  };
}

export function openStore(context: Context): CandleStore {
  return CandleStore.open(join(context.storage, MARKET_DATABASE));
}

/** @throws InputError where none is named. */
export function requireSymbols(symbols: readonly string[] | undefined): readonly string[] {
  if (symbols === undefined) throw new InputError("--symbol is missing; 'tradernet data list' shows what there is");
  return symbols;
}

/** The stored history of each symbol, whole. */
export function loadSeries(context: Context, symbols: readonly string[], config: Config): CandleSeries[] {
  const { venue, timeframe } = config.market;
  using store = openStore(context);
  return symbols.map((symbol) => store.load(venue, symbol, parseTimeframe(timeframe)));
}
