/**
 * A checkpoint is a folder:
 *
 *   checkpoint.json        what the agent is, sees and was trained for, and the SHA-256 of every other file
 *   model.safetensors      the networks, named and laid out as a PyTorch module's state_dict
 *   optimizer.safetensors  Adam's moments, the target network
 *   training.*             last/ only: where the training stands; DQN's replay buffer
 *
 * Nothing in it depends on time, place or speed, so that the same seed gives the same bytes. Loading refuses what was
 * made for something else, and prints both: a feature in the wrong place trades without a warning.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ACTION_NAMES } from '../core/action.ts';
import { InputError } from '../core/errors.ts';
import type { FileSystem } from '../core/file-system.ts';
import { type Json, parseJson } from '../core/json.ts';
import { type LoadedPlugin, loadedPlugins } from '../core/plugged.ts';
import { decodeSafetensors, encodeSafetensors, type Kernels, type StateDict } from '../nn/index.ts';
import { findFolder, writeFolderDurably } from './durable-folder.ts';
import { type Origin, originSchema } from './origin.ts';
import { type Standing, standingSchema } from './standing.ts';

export const SCHEMA_VERSION = 2;

/** What this version reads of an older one: schema 1 called the window's length `timeframe`. */
function upgrade(raw: Record<string, unknown>): Record<string, unknown> {
  if (raw?.schemaVersion !== 1) return raw;
  const { timeframe: window, ...rest } = raw;
  return { ...rest, window, schemaVersion: SCHEMA_VERSION };
}

const DESCRIPTION = 'checkpoint.json';
/** The file of a checkpoint that holds its networks. */
export const NETWORKS = 'model.safetensors';
const OPTIMISER = 'optimizer.safetensors';

const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;

const specSchema = z.strictObject({
  featureSet: z.string(),
  columns: z.array(z.string()),
  accountColumns: z.array(z.string()),
  signature: z.string(),
  window: z.int().min(1),
  timeframeMs: z.number().min(0),
  scaler: json,
  reward: z.string(),
  rewardScale: z.number(),
  trainingRange: json,
  account: json,
  origin: originSchema.nullable().default(null),
});

/** What an agent sees and was trained for. It stands in its checkpoint and must equal what the agent is used with. */
export interface AgentSpec {
  /** Name of the feature set, for people; `columns` decide. */
  readonly featureSet: string;
  /** The market's columns of an observation, in order. */
  readonly columns: readonly string[];
  /** What follows them in each row; empty without account features. */
  readonly accountColumns: readonly string[];
  /** Canonical text of the columns with their options, the window and the account's columns. */
  readonly signature: string;
  /** Bars in a window. */
  readonly window: number;
  /** Length of a bar. */
  readonly timeframeMs: number;
  /** The fitted scaler, as it saves itself. */
  readonly scaler: Json;
  /** Name of the reward it was trained on, and what training multiplied it by. */
  readonly reward: string;
  readonly rewardScale: number;
  /** What the training rows looked like (`shield/training-range.ts`), to tell what is odd; null where it isn't known. */
  readonly trainingRange: Json;
  /** Mode, units and costs of the account it was trained with. */
  readonly account: Json;
  /** What trained and chose it; missing or null where that was not kept: then no verdict is given on it. */
  readonly origin?: Origin | null;
}

const checkpointSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  agent: z.string(),
  actions: z.array(z.string()),
  ...specSchema.shape,
  columnsHash: z.string(),
  trainedSteps: z.int().min(0),
  config: json,
  standing: standingSchema.nullable().default(null),
  plugins: z.array(z.strictObject({ name: z.string(), hash: z.string() })).default([]),
  files: z.record(z.string(), z.string()),
});

/** The content of checkpoint.json. */
export interface CheckpointDescription extends AgentSpec {
  readonly schemaVersion: number;
  /** Name of the agent in the list of agents. */
  readonly agent: string;
  /** The names of the actions 0, 1, 2: other systems number them otherwise. */
  readonly actions: readonly string[];
  /** SHA-256 of the column names and the signature. */
  readonly columnsHash: string;
  /** Environment steps of training. */
  readonly trainedSteps: number;
  /** The agent's own configuration, sizes of the networks included. */
  readonly config: Json;
  /** What the validation said; null where nobody validated. */
  readonly standing: Standing | null;
  /** The plugins that it was trained with. */
  readonly plugins: readonly LoadedPlugin[];
  /** SHA-256 of each other file of the folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** SHA-256, as hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

export function hashColumns(spec: AgentSpec): string {
  return sha256([...spec.columns, '', ...spec.accountColumns, '', spec.signature].join('\n'));
}

/** What an agent is made of; a null seed leaves the networks to be loaded. */
export interface AgentOptions<Config> {
  readonly kernels: Kernels;
  readonly spec: AgentSpec;
  readonly config: Config;
  readonly seed: number | null;
}

/** All files of a checkpoint by name, checkpoint.json included. */
export function describeCheckpoint(
  own: { agent: string; spec: AgentSpec; trainedSteps: number; config: Json },
  contents: ReadonlyMap<string, Uint8Array>,
): Map<string, Uint8Array> {
  const plugins = loadedPlugins();
  const description: Omit<CheckpointDescription, 'standing' | 'plugins'> = {
    schemaVersion: SCHEMA_VERSION,
    agent: own.agent,
    actions: ACTION_NAMES,
    // In the schema's order, so that what was loaded is saved as the same bytes.
    ...(specSchema.parse(own.spec) as AgentSpec),
    columnsHash: hashColumns(own.spec),
    trainedSteps: own.trainedSteps,
    config: own.config,
    ...(plugins.length === 0 ? {} : { plugins }),
    files: Object.fromEntries([...contents].map(([name, bytes]) => [name, sha256(bytes)])),
  };
  return new Map([...contents, [DESCRIPTION, encodeJson(description)]]);
}

/** What of a learner's checkpoint is its own. */
interface Described {
  readonly kind: string;
  readonly spec: AgentSpec;
  readonly config: Json;
  readonly steps: number;
}

/**
 * The checkpoint of a learner by file name: its networks, while it is trained what the optimiser remembers, and `more`.
 * @param optimiser null outside of a training
 */
export function learnerFiles(
  { kind, spec, config, steps }: Described,
  networks: Owners,
  optimiser: Owners | null,
  more: ReadonlyMap<string, Uint8Array>,
): Map<string, Uint8Array> {
  const contents = new Map([[NETWORKS, encodeNetworks(networks)]]);
  if (optimiser !== null) contents.set(OPTIMISER, encodeNetworks(optimiser));
  for (const [name, bytes] of more) contents.set(name, bytes);
  return describeCheckpoint({ agent: kind, spec, config, trainedSteps: steps }, contents);
}

/** Makes networks what they were. @returns the environment steps that they were trained for */
export function loadNetworks(checkpoint: OpenCheckpoint, networks: Owners): number {
  decodeNetworks(checkpoint, NETWORKS, networks);
  return checkpoint.description.trainedSteps;
}

/** Makes what an optimiser remembers what it was. */
export function loadOptimiser(checkpoint: OpenCheckpoint, optimiser: Owners): void {
  decodeNetworks(checkpoint, OPTIMISER, optimiser);
}

/** The same checkpoint with what its validation said. */
export function withStanding(
  contents: ReadonlyMap<string, Uint8Array>,
  standing: Standing | null,
): ReadonlyMap<string, Uint8Array> {
  const bytes = contents.get(DESCRIPTION);
  if (standing === null || bytes === undefined) return contents;
  const description = JSON.parse(new TextDecoder().decode(bytes));
  return new Map([...contents, [DESCRIPTION, encodeJson({ ...description, standing })]]);
}

function encodeJson(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** Replaces the checkpoint at `path`; a crash leaves the old or the new. */
export function saveCheckpoint(files: FileSystem, path: string, contents: ReadonlyMap<string, Uint8Array>): void {
  writeFolderDurably(files, path, contents);
}

/** A checkpoint that was opened: its description is checked, its files are checked as they are read. */
export interface OpenCheckpoint {
  readonly path: string;
  readonly description: CheckpointDescription;
  readonly spec: AgentSpec;
  has(name: string): boolean;
  /** @throws InputError where the file is missing or damaged. */
  read(name: string): Uint8Array;
}

/** Whether there is a whole checkpoint at `path`, at its place or beside it after a crash. */
export function hasCheckpoint(files: FileSystem, path: string): boolean {
  const folder = findFolder(files, path);
  return folder !== null && files.exists(`${folder}/checkpoint.json`);
}

/**
 * @throws InputError where there is none, or where it is not one that this version reads.
 * @example
 * agent.save(files, 'an-agent');
 * openCheckpoint(files, 'an-agent').path; // => 'an-agent'
 */
export function openCheckpoint(files: FileSystem, path: string): OpenCheckpoint {
  const folder = findFolder(files, path);
  if (folder === null || !files.exists(`${folder}/checkpoint.json`)) {
    throw new InputError(`${path}: there is no checkpoint (a folder with a checkpoint.json); check the path`);
  }
  const description = parseDescription(`${folder}/checkpoint.json`, files.read(`${folder}/checkpoint.json`));
  return {
    path: folder,
    description,
    spec: specSchema.strip().parse(description) as AgentSpec,
    has: (name) => name in description.files,
    read(name) {
      const file = `${folder}/${name}`;
      const expected = description.files[name];
      if (expected === undefined || !files.exists(file)) {
        throw new InputError(`${file}: missing from the checkpoint; restore the folder or train again`);
      }
      const bytes = files.read(file);
      const found = sha256(bytes);
      if (found !== expected) {
        throw new InputError(
          `${file}: damaged: its SHA-256 is ${found}, checkpoint.json says ${expected}; restore the folder or train again`,
        );
      }
      return bytes;
    },
  };
}

function parseDescription(path: string, bytes: Uint8Array): CheckpointDescription {
  let raw: Record<string, unknown>;
  try {
    raw = upgrade(parseJson(new TextDecoder().decode(bytes)) as Record<string, unknown>);
  } catch {
    throw new InputError(`${path}: not valid JSON; restore the folder or train again`);
  }
  if (raw?.schemaVersion !== SCHEMA_VERSION) {
    throw new InputError(
      `${path}: has schema version ${JSON.stringify(raw?.schemaVersion ?? null)}, this program reads 1 and ${SCHEMA_VERSION}; train again or use the version that made it`,
    );
  }
  if (JSON.stringify(raw.actions) !== JSON.stringify(ACTION_NAMES)) {
    throw new InputError(
      `${path}: its actions are ${JSON.stringify(raw.actions)}, this program's are ${JSON.stringify(ACTION_NAMES)}; it can't be used here`,
    );
  }
  const parsed = checkpointSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InputError(`${path}: ${issue.path.join('.')}: ${issue.message}; restore the folder or train again`);
  }
  const description = parsed.data as unknown as CheckpointDescription;
  const hash = hashColumns(description);
  if (hash !== description.columnsHash) {
    throw new InputError(
      `${path}: the columns have SHA-256 ${hash}, but columnsHash is ${description.columnsHash}; the file was edited, restore it`,
    );
  }
  return description;
}

/** @throws InputError where the checkpoint is of another class. */
export function requireAgent(checkpoint: OpenCheckpoint, agent: string): void {
  const found = checkpoint.description.agent;
  if (found !== agent) throw new InputError(`${checkpoint.path}: holds an agent of class ${found}, not ${agent}`);
}

/** @throws InputError naming the first part of `expected` from which the checkpoint differs, with both. */
export function requireSpec(path: string, found: AgentSpec, expected: Partial<AgentSpec>): void {
  for (const name of Object.keys(expected) as (keyof AgentSpec)[]) {
    // Where it comes from is no part of what it can be used for.
    if (name === 'origin') continue;
    const [a, b] = [JSON.stringify(found[name]), JSON.stringify(expected[name])];
    if (a !== b)
      throw new InputError(
        `${path}: was trained with ${name} ${a}, but is used with ${b}; use what it was trained with`,
      );
  }
}

/**
 * The agent's own configuration.
 * @param former what stood in the place of settings that an earlier version didn't name; else it is their default
 * @throws InputError where this version has no such setting or value
 */
export function parseAgentConfig<S extends z.ZodType>(
  checkpoint: OpenCheckpoint,
  { settings, former = {} }: { readonly settings: S; readonly former?: object },
): z.output<S> {
  const parsed = settings.safeParse({ ...former, ...(checkpoint.description.config as object) });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new InputError(
    `${checkpoint.path}/checkpoint.json: config.${issue.path.join('.')}: ${issue.message}; restore the folder or train again`,
  );
}

/** A network, or an optimiser: whatever keeps tensors under names. */
interface TensorOwner {
  stateDict(): StateDict;
  loadStateDict(state: StateDict): void;
}

type Owners = Readonly<Record<string, TensorOwner>>;

/** One safetensors file of several owners' tensors: `actor.encoder.conv.weight`. */
function encodeNetworks(owners: Owners): Uint8Array {
  const state: StateDict = new Map();
  for (const [prefix, owner] of Object.entries(owners)) {
    for (const [name, tensor] of owner.stateDict()) state.set(`${prefix}.${name}`, tensor);
  }
  return encodeSafetensors(state);
}

/** @throws InputError where a tensor is missing, too many, or has another shape. */
function decodeNetworks(checkpoint: OpenCheckpoint, file: string, owners: Owners): void {
  const path = `${checkpoint.path}/${file}`;
  const state = decodeSafetensors(checkpoint.read(file), path);
  const known = Object.keys(owners);
  const stranger = [...state.keys()].find((name) => !known.includes(name.split('.')[0]));
  if (stranger !== undefined)
    throw new InputError(`${path}: tensor ${stranger} belongs to none of ${known.join(', ')}`);
  for (const [prefix, owner] of Object.entries(owners)) {
    const own: StateDict = new Map();
    for (const [name, tensor] of state) {
      if (name.startsWith(`${prefix}.`)) own.set(name.slice(prefix.length + 1), tensor);
    }
    try {
      owner.loadStateDict(own);
    } catch (error) {
      if (error instanceof InputError) throw new InputError(`${path}: ${prefix}: ${error.message}`);
      throw error;
    }
  }
}
