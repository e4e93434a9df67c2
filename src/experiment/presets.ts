/** Settings under a name: they stand under whatever the user sets himself, and over the defaults. */
import { InputError } from '../core/errors.ts';

type Settings = Readonly<Record<string, unknown>>;

export interface Preset {
  readonly doc: string;
  readonly settings: Settings;
}

export const PRESETS = {
  'tradernet-cr': {
    doc: 'the numbers of TraderNet-CRv2: 10 epochs, columns of unit variance, a DQN step every 4',
    settings: {
      features: { columnScale: 1, clip: 10 },
      ppo: {
        ...{ environments: 8, rolloutSteps: 256, minibatchSize: 64, epochs: 10, lambda: 0.95, learningRate: 3e-4 },
        ...{ weightDecay: 0, targetKl: null, entropyDecay: 'none', gradientNormOf: 'both' },
      },
      dqn: { trainEvery: 4 },
    },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/** @throws InputError for an unknown name */
export function findPreset(name: unknown): Preset {
  if (PRESET_NAMES.includes(name as PresetName)) return PRESETS[name as PresetName];
  throw new InputError(`there is no preset ${JSON.stringify(name)}; there are ${PRESET_NAMES.join(', ')}`);
}

/** `settings` over a preset's, section by section. */
export function overPreset(preset: Settings, settings: Settings): Settings {
  const merged: Record<string, unknown> = { ...preset };
  for (const [key, value] of Object.entries(settings)) merged[key] = overValue(merged[key], value);
  return merged;
}

function overValue(below: unknown, value: unknown): unknown {
  const isSection = (one: unknown) => one !== null && typeof one === 'object' && !Array.isArray(one);
  return isSection(below) && isSection(value) ? overPreset(below as Settings, value as Settings) : value;
}
