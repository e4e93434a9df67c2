/** `tradernet.json`: one schema, in which each value states its unit, default and meaning. Flags override the file. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { type BotConfig, botSchema } from '../bot/config.ts';
import { InputError } from '../core/errors.ts';
import { parseJsonText } from '../core/json-text.ts';
import { listSettings, setting } from '../core/setting.ts';
import { type ExperimentConfig, experimentSchema } from '../experiment/config.ts';
import { FORMER_SETTINGS, renameFormerSettings } from '../experiment/former-settings.ts';
import { findPreset, overPreset } from '../experiment/presets.ts';
import { readUserFile } from './user-files.ts';

const CONFIG_FILE = 'tradernet.json';

export const configSchema = experimentSchema.extend({
  plugins: setting(z.array(z.string().min(1)), [], 'files', 'loaded before anything else, paths from this file on'),
  bot: botSchema.prefault({}),
});

/** What a training and an evaluation depend on; the bot's settings are apart, since they change neither. */
export type Config = ExperimentConfig;
/** Dotted path to value, as flags and `--set` give them. */
export type ConfigOverrides = Readonly<Record<string, unknown>>;

export interface ConfigOrigin {
  readonly config: Config;
  readonly bot: BotConfig;
  /** Paths of the plugins that the file names, as they stand there. */
  readonly plugins: readonly string[];
  /** Dotted path to where its value came from; a path that is missing here has its default. */
  readonly origins: ReadonlyMap<string, string>;
  /** What was found under a former name. */
  readonly notes: readonly string[];
}

/** A value that stands where a section should gives way to it; the schema then says what is wrong. */
function assignPath(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  if (keys.some((key) => key in Object.prototype)) throw new InputError(`config: there is no setting '${path}'`);
  let node = target;
  for (const key of keys.slice(0, -1)) {
    if (node[key] === null || typeof node[key] !== 'object') node[key] = {};
    node = node[key] as Record<string, unknown>;
  }
  node[keys[keys.length - 1]] = value;
}

function listLeaves(value: unknown, prefix = ''): string[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => listLeaves(inner, prefix === '' ? key : `${prefix}.${key}`));
}

/** The nearest known path or section, for a typing error; a path that begins as typed is nearer than any other. */
function nearest(path: string, known: readonly string[]): string {
  const distance = (a: string, b: string): number => {
    let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++)
        row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      previous = row;
    }
    return previous[b.length];
  };
  const sections = known.flatMap((one) => (one.includes('.') ? [one.slice(0, one.lastIndexOf('.'))] : []));
  const cost = (one: string): number => (one.startsWith(path) ? 0 : distance(path, one));
  return [...known, ...sections].sort((a, b) => cost(a) - cost(b))[0];
}

/** Puts flags over the settings of a registered run. */
export function overrideSettings(settings: Config, overrides: ConfigOverrides): Config {
  const merged = structuredClone(settings) as unknown as Record<string, unknown>;
  renameFormerSettings(merged);
  for (const [key, value] of Object.entries(overrides)) if (value !== undefined) assignPath(merged, key, value);
  return checkSettings(merged, new Map(Object.keys(overrides).map((key) => [key, 'flag'])), 'the run').config;
}

/** Reads the file in `folder` (or `file`), puts `overrides` over it, and checks the whole. */
export function readConfig(folder: string, overrides: ConfigOverrides = {}, file?: string): ConfigOrigin {
  const path = resolve(folder, file ?? CONFIG_FILE);
  let raw: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  if (existsSync(path)) {
    const text = new TextDecoder().decode(readUserFile({ cwd: folder }, path));
    try {
      raw = parseJsonText(text) as Record<string, unknown>;
    } catch (error) {
      throw new InputError(`${path}: not valid JSON (${(error as Error).message}); mend it or remove it`);
    }
    if (raw === null || typeof raw !== 'object' || Array.isArray(raw))
      throw new InputError(`${path}: must hold a JSON object such as {"account": {"feeRate": 0.001}}`);
    // What an editor checks the file by; it sets nothing.
    delete raw.$schema;
    for (const leaf of listLeaves(raw)) origins.set(leaf, path);
  } else if (file !== undefined) {
    throw new InputError(`${path}: there is no such config file; leave --config out to use the defaults`);
  }
  const merged = structuredClone(raw);
  const notes = renameFormerSettings(merged);
  for (const [typed, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    const key = FORMER_SETTINGS.get(typed) ?? typed;
    if (key !== typed) notes.push(`the setting ${typed} is called ${key} now`);
    assignPath(merged, key, value);
    origins.set(key, 'flag');
  }
  const settings = underPreset(merged, origins);
  return { ...checkSettings(settings, origins, path), origins, notes };
}

/** Puts the preset that the settings name under them. @throws InputError where there is no such preset */
function underPreset(
  settings: Record<string, unknown>,
  origins: Map<string, string>,
): Readonly<Record<string, unknown>> {
  const { preset } = settings;
  if (preset === undefined || preset === null) return settings;
  const { settings: below } = findPreset(preset);
  for (const leaf of listLeaves(below)) if (!origins.has(leaf)) origins.set(leaf, `preset ${preset}`);
  return overPreset(below, settings);
}

/** @throws InputError for the first setting that is wrong, with where it came from. */
function checkSettings(
  settings: unknown,
  origins: ReadonlyMap<string, string>,
  path: string,
): Pick<ConfigOrigin, 'config' | 'bot' | 'plugins'> {
  const parsed = configSchema.safeParse(settings);
  if (parsed.success) {
    const { bot, plugins, ...config } = parsed.data;
    return { config, bot, plugins };
  }
  const issue = parsed.error.issues[0];
  const known = listSettings(configSchema).map((row) => row.path);
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const unknown = at === '' ? issue.keys[0] : `${at}.${issue.keys[0]}`;
    const origin = origins.get(unknown) ?? [...origins].find(([key]) => key.startsWith(`${unknown}.`))?.[1] ?? path;
    throw new InputError(
      `config: there is no setting '${unknown}' (from ${origin}); did you mean '${nearest(unknown, known)}'?`,
    );
  }
  const row = listSettings(configSchema).find((one) => one.path === at);
  throw new InputError(
    `config: ${at || 'the file'}: ${issue.message} (from ${origins.get(at) ?? path})${row ? `; the default is ${JSON.stringify(row.default)} ${row.unit}` : ''}`,
  );
}
