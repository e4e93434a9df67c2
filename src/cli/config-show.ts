import { styleText } from 'node:util';
import type { Json } from '../core/json.ts';
import { listSettings } from '../core/setting.ts';
import { defineCommand } from './command.ts';
import { configSchema, readConfig } from './config.ts';

export const showConfig = defineCommand({
  options: {},
  examples: ['tradernet config show', 'tradernet config show --set account.feeRate=0.002'],
  async run(_options, context) {
    const { config, bot, plugins, origins } = readConfig(context.cwd, context.overrides, context.configFile);
    const rows = listSettings(configSchema).map((row) => {
      const value = row.path
        .split('.')
        .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], { ...config, bot, plugins });
      return { ...row, value, origin: origins.get(row.path) ?? 'default' };
    });
    const width = Math.max(...rows.map((row) => row.path.length));
    const text = rows
      .map((row) => {
        const value = JSON.stringify(row.value).padEnd(14);
        const mark = row.origin === 'default' ? value : styleText('yellow', value);
        const origin = row.origin === 'default' ? 'default' : `${row.origin}, default ${JSON.stringify(row.default)}`;
        return `${row.path.padEnd(width)}  ${mark} ${row.unit.padEnd(26)} ${styleText('dim', `${origin} · ${row.doc}`)}`;
      })
      .join('\n');
    return { text, json: rows as unknown as Json };
  },
});
