/** The settings of a registered run, whichever version registered it. */

import { InputError } from '../core/errors.ts';
import { isMarketName } from '../core/symbol.ts';
import type { Run } from '../runs/registry.ts';
import { type ExperimentConfig, experimentSchema } from './config.ts';
import { extensionOf } from './extension.ts';
import { renameFormerSettings } from './former-settings.ts';
import { findPreset, overPreset } from './presets.ts';

/** A run of before these were settings was trained with the numbers that stood in their place. */
const OLD_DEFAULTS = findPreset('tradernet-cr').settings;

function isOfOldDefaults(settings: Record<string, unknown>): boolean {
  return (settings.features as Record<string, unknown> | undefined)?.columnScale === undefined;
}

export interface RegisteredSettings {
  readonly config: ExperimentConfig;
  readonly symbols: readonly string[];
}

/** The settings and symbols that a run was started with; null where this version can't read them. */
export function tryReadSettings(run: Pick<Run, 'registration' | 'result'>): RegisteredSettings | null {
  const { registration } = run;
  const notes = registration.notes as { settings?: unknown; symbols?: unknown } | null;
  const settings = structuredClone(notes?.settings ?? {}) as Record<string, unknown>;
  renameFormerSettings(settings);
  const parsed = experimentSchema.safeParse(isOfOldDefaults(settings) ? overPreset(OLD_DEFAULTS, settings) : settings);
  if (!parsed.success || !Array.isArray(notes?.symbols) || !notes.symbols.every(isMarketName)) return null;
  const { training, ...rest } = parsed.data;
  const config = { ...rest, training: { ...training, steps: extensionOf(run) ?? training.steps } };
  return { config, symbols: notes.symbols };
}

/** As `tryReadSettings`. @throws InputError where this version can't read them */
export function readSettings(run: Pick<Run, 'name' | 'registration' | 'result'>): RegisteredSettings {
  const found = tryReadSettings(run);
  if (found !== null) return found;
  throw new InputError(`run ${run.name} was registered by another version; start it anew with 'tradernet train'`);
}
