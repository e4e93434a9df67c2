import type { BotConfig } from '../bot/config.ts';
import type { Clock } from '../core/clock.ts';
import type { Json } from '../core/json.ts';
import type { Config } from './config.ts';

/** One flag of a command, as `--help` shows it. */
export interface Option {
  /** commander's notation: `--symbol <name>`, `--force`, `--shield <profile>`; `<x...>` takes several. */
  readonly flags: string;
  readonly doc: string;
  /** Parsed value where the flag is not given; shown in the help. */
  readonly default?: Json;
  /** Text to value; throws InputError. */
  readonly parse?: (text: string) => unknown;
  /** Where it overrides the config file: the value's path there, e.g. `account.feeRate`. */
  readonly config?: string;
}

export interface Argument {
  /** `<file>` is required, `[name]` is not. */
  readonly name: string;
  readonly doc: string;
}

/** What a command ends in: `text` for people, `json` for `--json`. */
export interface Output {
  readonly text: string;
  readonly json: Json;
  /** Exit code, 0 by default; for commands whose answer is yes or no. */
  readonly exitCode?: number;
}

/** The edges, handed in: a command reads nothing of the machine but through this. */
export interface Context {
  /** Folder that holds everything the system writes, `database/storage` by default. */
  readonly storage: string;
  /** The working folder; relative paths that a user types start here. */
  readonly cwd: string;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first Ctrl-C; a second one kills. */
  readonly signal: AbortSignal;
  readonly json: boolean;
  /** A transient line on a terminal (speed, time left); plain lines, rarely, where there is none. Goes to stderr. */
  progress(line: string): void;
  /** A lasting line on stderr. */
  say(line: string): void;
  /** A lasting line on stdout, at once, for output that streams; not with `--json`. */
  print(line: string): void;
  /** One line typed by the user; null without a terminal. */
  ask(question: string): Promise<string | null>;
  /** `tradernet.json`, flags of this call and `--set` over the defaults. */
  config(): Config;
  /** The section `bot` of the same. */
  bot(): BotConfig;
}

export interface Command {
  /** As typed: `data synth`, `train`. */
  readonly name: string;
  readonly summary: string;
  readonly arguments?: readonly Argument[];
  readonly options: readonly Option[];
  /** The setting that a bare `--set VALUE` overrides, where the command has one. */
  readonly bareSet?: string;
  /** Whole lines that work as they stand. */
  readonly examples: readonly string[];
  run(options: Record<string, unknown>, context: Context, args: readonly string[]): Promise<Output>;
}
