import { styleText } from 'node:util';
import { CONTRACTS } from '../contract/index.ts';
import { InputError } from '../core/errors.ts';
import { loadedPlugins, PLUGGED_LISTS, pluggedNames } from '../core/plugged.ts';
import { createKernels } from '../nn/index.ts';
import { defineCommand } from './command.ts';

export const checkPlugin = defineCommand({
  options: {},
  examples: ['tradernet plugin check --plugin examples/plugins/session-range.ts'],
  async run(_, context) {
    if (loadedPlugins().length === 0)
      throw new InputError('no plugin is loaded; name its file: tradernet plugin check --plugin ./mine.ts');
    const kernels = await createKernels({ threads: 1 });
    const checks = PLUGGED_LISTS.flatMap((list) =>
      pluggedNames(list).map((name) => {
        context.progress(`${list} ${name}`);
        return { list, name, problems: [...CONTRACTS[list](name, kernels)] };
      }),
    );
    kernels.dispose();
    const plugins = loadedPlugins().map(({ name, hash }) => ({ name, hash }));
    const lines = checks.flatMap(({ list, name, problems }) => [
      `${problems.length === 0 ? styleText('green', 'keeps its contract') : styleText('red', 'breaks its contract')}  ${list} ${name}`,
      ...problems.map((problem) => `  ${problem}`),
    ]);
    const text = [...plugins.map(({ name, hash }) => `${name}: ${hash}`), ...lines].join('\n');
    return { text, json: { plugins, checks }, exitCode: checks.some(({ problems }) => problems.length > 0) ? 1 : 0 };
  },
});
