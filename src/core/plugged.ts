/**
 * What plugins add to the lists of indicators, rewards, rules and the rest. The lists are walked as soon as their files
 * are loaded (settings, help and schemas follow from them), so plugins come first: what comes later is refused.
 */
import { InputError } from './errors.ts';

/** The lists that a plugin may add to. */
export const PLUGGED_LISTS = [
  'indicators',
  'featureSets',
  'rewards',
  'rules',
  'baselines',
  'encoders',
  'agents',
  'sources',
  'venues',
] as const;
export type PluggedList = (typeof PLUGGED_LISTS)[number];

/** A plugin that was loaded: the SHA-256 of all its files. */
export interface LoadedPlugin {
  readonly name: string;
  readonly hash: string;
}

const additions = new Map<PluggedList, { readonly name: string }[]>();
const walked = new Set<PluggedList>();
const plugins: LoadedPlugin[] = [];

/** Adds a plugin's values. @throws InputError where a list has been walked already */
export function plug(
  plugin: LoadedPlugin,
  lists: Readonly<Partial<Record<PluggedList, readonly { readonly name: string }[]>>>,
): void {
  for (const list of PLUGGED_LISTS) {
    const values = lists[list] ?? [];
    if (values.length > 0 && walked.has(list))
      throw new InputError(
        `plugin ${plugin.name}: the ${list} were listed before it was loaded; import from 'tradernet/plugin' in it, not from 'tradernet'`,
      );
    additions.set(list, [...(additions.get(list) ?? []), ...values]);
  }
  plugins.push(plugin);
}

/** A list with what plugins add to it. @throws InputError where a name is taken */
export function withPlugged<const T extends readonly { readonly name: string }[]>(list: PluggedList, own: T): T {
  walked.add(list);
  const all = [...own];
  for (const one of additions.get(list) ?? []) {
    if (all.some(({ name }) => name === one.name))
      throw new InputError(
        `a plugin adds '${one.name}' to the ${list}, and there is one already; give it another name`,
      );
    all.push(one);
  }
  return all as unknown as T;
}

/** The names that plugins added to a list. */
export function pluggedNames(list: PluggedList): string[] {
  return (additions.get(list) ?? []).map(({ name }) => name);
}

/** The plugins that are loaded, in their order. */
export function loadedPlugins(): readonly LoadedPlugin[] {
  return plugins;
}

/**
 * What was made with plugins is used with the same ones.
 * @throws InputError naming what is missing or another
 */
export function requirePlugins(what: string, needed: readonly LoadedPlugin[]): void {
  for (const { name, hash } of needed) {
    const loaded = plugins.find((one) => one.name === name);
    if (loaded?.hash === hash) continue;
    const found = loaded === undefined ? 'it is not loaded' : 'the loaded one has other content';
    throw new InputError(
      `${what}: was made with the plugin ${name} (${hash.slice(0, 12)}), and ${found}; load the same with --plugin`,
    );
  }
}
