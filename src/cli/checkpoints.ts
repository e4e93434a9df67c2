/** How a command finds a checkpoint, and what it was trained with. */

import { dirname, join, relative, resolve } from 'node:path';
import { InputError } from '../core/errors.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { type Checkpoint, findCheckpoint } from '../experiment/evaluate-run.ts';
import { readSettings } from '../experiment/registered-settings.ts';
import { CHECKPOINTS, type RunContext } from '../experiment/run-context.ts';
import type { Context, OptionsOf } from './command.ts';
import { type Config, overrideSettings } from './config.ts';
import type { OPTIONS } from './options.ts';
import { requireSymbols } from './run-context.ts';

/** A checkpoint named by its run or its folder. */
export function openNamedCheckpoint(
  name: string,
  runContext: RunContext,
  context: Context,
  flag = '--checkpoint',
): Checkpoint {
  // A folder in the storage is its run's, however it was named: its trials count, its folds are known.
  const inside = relative(join(context.storage, CHECKPOINTS), resolve(context.cwd, name)).replaceAll('\\', '/');
  return findCheckpoint(
    inside === '' || inside.startsWith('..') ? name : inside,
    runContext,
    (path) => {
      const whole = resolve(context.cwd, path);
      return { files: new NodeFileSystem(dirname(whole)), path: whole.slice(dirname(whole).length + 1) };
    },
    flag,
  );
}

/** The symbols that are asked for; else those that the checkpoint's run was trained on. */
export function symbolsFor({ run }: Checkpoint, asked: readonly string[] | undefined): readonly string[] {
  return run === null ? requireSymbols(asked) : (asked ?? readSettings(run).symbols);
}

/** Settings and symbols for a checkpoint: its run's, with the flags of this call over them. */
export function settingsFor(
  checkpoint: Checkpoint,
  { symbol }: OptionsOf<typeof OPTIONS.symbol>,
  context: Context,
): { readonly config: Config; readonly symbols: readonly string[] } {
  const symbols = symbolsFor(checkpoint, symbol);
  if (checkpoint.run === null) return { config: context.config(), symbols };
  return { config: overrideSettings(readSettings(checkpoint.run).config, context.overrides), symbols };
}

/** @throws InputError where the flag is missing; `advice` says where to look */
export function requireFlag(value: string | undefined, flag: string, advice: string): string {
  if (value !== undefined) return value;
  throw new InputError(`${flag} is missing; ${advice}`);
}
