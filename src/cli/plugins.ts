/** Loads plugins before any list is walked, and hashes what they are made of. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import * as module from 'node:module';
import { basename, extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InputError } from '../core/errors.ts';
import { parseJsonText } from '../core/json-text.ts';
import { loadedPlugins, PLUGGED_LISTS, type PluggedList, plug } from '../core/plugged.ts';
import type { Plugin } from '../plugin.ts';
import { readUserFile } from './user-files.ts';

/** What one must have to stand in a list, by list. */
const PARTS: Readonly<Record<Exclude<PluggedList, 'featureSets'>, readonly string[]>> = {
  indicators: ['docs', 'parameters', 'create'],
  rewards: ['docs', 'kind', 'horizon'],
  rules: ['doc', 'config', 'state', 'standard', 'profiles', 'initial', 'judge'],
  baselines: ['label', 'doc', 'needs', 'create'],
  encoders: ['docs', 'settings', 'layers'],
  agents: ['summary', 'settings', 'accountColumns', 'create', 'load'],
  sources: ['docs', 'columns', 'rows'],
  venues: ['docs', 'candlesPerPage', 'fetchCandles'],
};

const OWN = new URL('../', import.meta.url).href;
const ENTRIES = new Map(
  ['plugin', 'agent'].map((name) => [`tradernet/${name}`, `${OWN}${name}${extname(import.meta.url)}`]),
);

/** File to the files that it imports, by address; what lies in node_modules is pinned by a lock file, not by us. */
const imports = new Map<string, Set<string>>();
let hooked = false;

/** Lets a plugin import 'tradernet/plugin' wherever it lies, and sees which files it is made of. */
function hookImports(): void {
  if (hooked) return;
  hooked = true;
  module.registerHooks({
    resolve: (specifier, context, next) => {
      const own = ENTRIES.get(specifier);
      const found = own === undefined ? next(specifier, context) : { url: own, shortCircuit: true };
      const { url } = found;
      const { parentURL = '' } = context;
      if (url.startsWith('file:') && !url.startsWith(OWN) && !url.includes('/node_modules/'))
        imports.set(parentURL, (imports.get(parentURL) ?? new Set()).add(url));
      return found;
    },
  });
}

/** The plugins that the command line names and, before them, those of the settings file, as they were typed. */
export function namedPlugins(words: readonly string[], cwd: string): string[] {
  const valuesOf = (flag: string) =>
    words.flatMap((word, at) =>
      word === flag ? (words[at + 1] ?? []) : word.startsWith(`${flag}=`) ? word.slice(flag.length + 1) : [],
    );
  const file = resolve(cwd, valuesOf('--config').at(-1) ?? 'tradernet.json');
  let configured: unknown = [];
  try {
    // Whatever is wrong with it is said where it is read as a whole.
    if (existsSync(file)) {
      const text = new TextDecoder().decode(readUserFile({ cwd }, file));
      configured = (parseJsonText(text) as { plugins?: unknown })?.plugins;
    }
  } catch {}
  const listed = Array.isArray(configured) ? configured.filter((one) => typeof one === 'string') : [];
  return [
    ...listed.map((path) => resolve(file, '..', path)),
    ...valuesOf('--plugin').map((path) => resolve(cwd, path)),
  ];
}

function listsOf(plugin: Plugin, file: string): Record<PluggedList, readonly { readonly name: string }[]> {
  const refuse = (what: string) => new InputError(`${file}: ${what}; see examples/plugins`);
  const { name: _, featureSets = {}, ...rest } = plugin;
  const unknown = Object.keys(rest).find((key) => !(key in PARTS));
  if (unknown !== undefined) throw refuse(`a plugin has no part '${unknown}'; it may have ${PLUGGED_LISTS.join(', ')}`);
  const sets = Object.entries(featureSets).map(([setName, text]) => ({ name: setName, text }));
  const lists = Object.entries(PARTS).map(([list, parts]) => {
    const values: unknown = rest[list as keyof typeof rest] ?? [];
    if (!Array.isArray(values)) throw refuse(`its ${list} are no list`);
    for (const one of values) {
      if (typeof one?.name !== 'string' || !/^[\w-]{1,60}$/.test(one.name))
        throw refuse(`one of its ${list} has no name of letters, digits, - and _`);
      const missing = parts.find((part) => one[part] === undefined);
      if (missing !== undefined) throw refuse(`'${one.name}' of its ${list} has no ${missing}`);
    }
    return [list, values];
  });
  return { ...Object.fromEntries(lists), featureSets: sets };
}

/**
 * Loads each file once, in order.
 * @throws InputError where one can't be loaded, or isn't what `definePlugin` makes
 */
export async function loadPlugins(paths: readonly string[]): Promise<void> {
  for (const path of new Set(paths)) {
    if (!existsSync(path)) throw new InputError(`${path}: there is no such plugin; check the path`);
    hookImports();
    const url = pathToFileURL(realpathSync(path)).href;
    let plugin: Plugin;
    let agents: unknown;
    try {
      plugin = (await import(url)).default;
      agents = typeof plugin?.agents === 'function' ? await plugin.agents() : plugin?.agents;
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new InputError(`${path}: the plugin can't be loaded (${String((error as Error).message).split('\n')[0]})`);
    }
    if (plugin === null || typeof plugin !== 'object')
      throw new InputError(`${path}: its default export is no plugin; write export default definePlugin({...})`);
    const lists = listsOf({ ...plugin, ...(agents === undefined ? {} : { agents: agents as [] }) }, path);
    const name = plugin.name ?? basename(path, extname(path));
    if (loadedPlugins().some((one) => one.name === name))
      throw new InputError(`${path}: a plugin called ${name} is loaded already; give this one another name`);
    plug({ name, hash: hashFiles([url, ...importedBy(url)]) }, lists);
  }
}

/** Every file that a plugin imports, at any depth, whoever loaded it first; in the order of their addresses. */
function importedBy(url: string): string[] {
  const found = new Set([url]);
  for (const one of found) for (const target of imports.get(one) ?? []) found.add(target);
  return [...found].filter((one) => one !== url).sort();
}

/** SHA-256 over the files' contents, the plugin's own first. */
function hashFiles(urls: readonly string[]): string {
  const hash = createHash('sha256');
  for (const url of urls) hash.update(readFileSync(fileURLToPath(url))).update('\0');
  return hash.digest('hex');
}
