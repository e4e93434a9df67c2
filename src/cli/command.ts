import type { BotConfig } from '../bot/config.ts';
import type { Clock } from '../core/clock.ts';
import type { Json } from '../core/json.ts';
import type { Config, ConfigOverrides } from './config.ts';

/** One flag of a command, as `--help` shows it. */
export interface Option {
  readonly doc: string;
  /** Parsed value where the flag is not given; shown in the help. */
  readonly default?: Json;
  /** The texts that it may be; anything else is refused. */
  readonly choices?: readonly string[];
  /** Text to value; without it the text is the value. Throws InputError. */
  readonly parse?: (text: string) => unknown;
  /** Where it overrides the config file: the value's path there, e.g. `account.feeRate`. */
  readonly config?: string;
}

/** A command's flags in commander's notation: `--symbol <name>`, `--smurf [base]`, `--force`, `--no-trends`. */
export type Options = Readonly<Record<string, Option>>;

type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name;

type NameOf<Flags extends string> = Flags extends `--no-${infer Name}`
  ? Name
  : Flags extends `--${infer Name} ${string}`
    ? Name
    : Flags extends `--${infer Name}`
      ? Name
      : never;

/** Under which name a command finds the flag's value: `testShare` for `--test-share <x>`, `trends` for `--no-trends`. */
export type PropertyOf<Flags extends string> = CamelCase<NameOf<Flags>>;

/** As the type of the same name says. */
export function propertyOf<const Flags extends string>(flags: Flags): PropertyOf<Flags> {
  const name = flags.replace(/^--(?:no-)?/, '').split(' ')[0];
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()) as PropertyOf<Flags>;
}

type Parsed<One extends Option> = One extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : One extends { readonly parse: (text: string) => infer Value }
    ? Value
    : string;

type ValueOf<Flags extends string, One extends Option> = Flags extends `${string} <${string}`
  ? Parsed<One> | (One extends { readonly default: Json } ? never : undefined)
  : Flags extends `${string} [${string}`
    ? Parsed<One> | true | undefined
    : boolean;

/** The values of these flags, as a command gets them; undefined where one is not given and has no default. */
export type OptionsOf<All extends Options> = {
  readonly [Flags in keyof All & string as PropertyOf<Flags>]: ValueOf<Flags, All[Flags]>;
};

export interface Argument {
  /** `<file>` is required, `[name]` is not. */
  readonly name: string;
  readonly doc: string;
}

type ArgumentsOf<All extends readonly Argument[]> = {
  readonly [Index in keyof All]: All[Index]['name'] extends `<${string}` ? string : string | undefined;
};

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
  /** Settings of this call: flags that override one, and `--set`. */
  readonly overrides: ConfigOverrides;
  /** The settings file, where one is named. */
  readonly configFile: string | undefined;
  /** Files of the plugins that are loaded. */
  readonly plugins: readonly string[];
  /** `tradernet.json`, flags of this call and `--set` over the defaults. */
  config(): Config;
  /** The section `bot` of the same. */
  bot(): BotConfig;
}

/** What a command is; its name and summary stand in the list of commands. */
export interface CommandDefinition<All extends Options, Arguments extends readonly Argument[]> {
  readonly arguments?: Arguments;
  readonly options: All;
  /** The setting that a bare `--set VALUE` overrides, where the command has one. */
  readonly bareSet?: string;
  /** Whole lines that work as they stand. */
  readonly examples: readonly string[];
  run(options: OptionsOf<All>, context: Context, args: ArgumentsOf<Arguments>): Promise<Output>;
}

export type Command = CommandDefinition<Options, readonly Argument[]>;

/** A command, with the types of its options read off their flags, parsers and defaults. */
export function defineCommand<const All extends Options, const Arguments extends readonly Argument[] = readonly []>(
  definition: CommandDefinition<All, Arguments>,
): CommandDefinition<All, Arguments> {
  return definition;
}
