import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/cli/config.ts';
import { experimentSchema } from '../../src/experiment/config.ts';
import { overPreset, PRESETS } from '../../src/experiment/presets.ts';

const NOWHERE = '/nonexistent';

describe('a preset', () => {
  it('stands over the defaults and under what the user sets', () => {
    const { config, origins } = readConfig(NOWHERE, { preset: 'tradernet-cr', 'ppo.clip': 0.3, 'features.clip': 7 });
    expect(config.ppo.epochs).toBe(10);
    expect(config.features.columnScale).toBe(1);
    expect(config.dqn.trainEvery).toBe(4);
    expect(config.ppo.clip).toBe(0.3);
    expect(config.features.clip).toBe(7);
    expect(config.ppo.gradientNorm).toBe(experimentSchema.parse({}).ppo.gradientNorm);
    expect(origins.get('ppo.epochs')).toBe('preset tradernet-cr');
    expect(origins.get('features.clip')).toBe('flag');
  });

  it('that is unknown is refused with the list of those there are', () => {
    expect(() => readConfig(NOWHERE, { preset: 'best' })).toThrow(/there is no preset "best"; there are tradernet-cr/);
  });

  it('merges sections, and replaces what is no section', () => {
    const below = { a: { b: 1, c: [1, 2] }, d: 1 };
    expect(overPreset(below, { a: { c: [3] }, e: null })).toEqual({ a: { b: 1, c: [3] }, d: 1, e: null });
    expect(below.a.c).toEqual([1, 2]);
  });

  it.each(Object.entries(PRESETS))('%s has settings that exist', (_, { settings }) => {
    const leaves = (value: object, prefix: string): string[] =>
      Object.entries(value).flatMap(([key, inner]) =>
        inner !== null && typeof inner === 'object' ? leaves(inner, `${prefix}${key}.`) : [`${prefix}${key}`],
      );
    const parsed = experimentSchema.parse(settings) as unknown as Record<string, Record<string, unknown>>;
    for (const path of leaves(settings, '')) {
      const [section, key] = path.split('.');
      expect(parsed[section][key], path).toEqual((settings as typeof parsed)[section][key]);
    }
  });
});
