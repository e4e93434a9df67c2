/** Settings files, `--set` and flags over them. What is taken must be settings again, to the last digit. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema, readConfig } from '../../src/cli/config.ts';
import { InputError } from '../../src/core/errors.ts';
import { listSettings } from '../../src/core/setting.ts';
import { chance, mutateJson, mutateJsonText, POISON, pick } from './mutate.ts';
import type { Outcome, Surface } from './surface.ts';

export const settings: Surface = {
  name: 'settings',
  about: 'tradernet.json and overrides, spoiled; wrong: settings that the schema itself would refuse',
  inputs: 1_200,
  open() {
    const folder = mkdtempSync(join(tmpdir(), 'tradernet-fuzz-'));
    const whole = configSchema.parse({});
    const paths = listSettings(configSchema).map(({ path }) => path);
    return {
      attempt(rng): Outcome {
        const overrides: Record<string, unknown> = {};
        for (let i = rng.integer(3); i > 0; i--) {
          const path = chance(rng, 0.7)
            ? pick(rng, paths)
            : pick(rng, ['__proto__.x', 'a.b', '', '.', 'account', 'constructor', `${pick(rng, paths)}.x`]);
          overrides[path] = pick(rng, [...POISON, 1, 2, 0.5, 'spot', 'ppo']);
        }
        const section = pick(rng, [whole, whole.account, {}] as const);
        writeFileSync(
          join(folder, 'tradernet.json'),
          chance(rng, 0.5) ? mutateJsonText(whole, rng) : (JSON.stringify(mutateJson(section, rng, 0.02)) ?? ''),
        );
        try {
          const { config, bot } = readConfig(folder, overrides);
          const again = configSchema.safeParse(JSON.parse(JSON.stringify({ ...config, bot })));
          if (!again.success) return { wrong: `settings that are none: ${again.error.issues[0].path.join('.')}` };
          // As text: JSON has no -0.
          const isSame = JSON.stringify(again.data) === JSON.stringify(configSchema.parse({ ...config, bot }));
          return isSame ? 'taken' : { wrong: 'settings that read back as others' };
        } catch (error) {
          if (error instanceof InputError) return 'refused';
          throw error;
        }
      },
      close: () => rmSync(folder, { recursive: true }),
    };
  },
};
