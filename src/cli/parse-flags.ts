/** From the words of a command line to a command, its options and its settings; `commander` does the parsing. */
import { InputError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { type Command, propertyOf } from './command.ts';
import { COMMANDS, type Entry } from './commands.ts';
import { renameFormerFlags } from './former-names.ts';
import { print } from './terminal.ts';

export const STORAGE = 'database/storage';

/** The entry whose words begin `words`, the longest first. */
function findEntry(words: readonly string[]): Entry | undefined {
  return [...COMMANDS]
    .sort((a, b) => b.name.length - a.name.length)
    .find((entry) => entry.name.split(' ').every((word, index) => words[index] === word));
}

function unknownCommand(words: readonly string[]): InputError {
  const group = COMMANDS.filter((entry) => entry.name.startsWith(`${words[0]} `)).map((entry) => entry.name);
  const known = group.length > 0 ? `; there are: ${group.join(', ')}` : "; 'tradernet --help' lists them";
  return new InputError(`there is no command '${words.slice(0, group.length > 0 ? 2 : 1).join(' ')}'${known}`);
}

function parseSets(pairs: readonly string[], bare: string | undefined): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0 && bare !== undefined) return [bare, pair];
      if (equals < 1)
        throw new InputError(`--set '${pair}': write --set section.name=value, such as account.feeRate=0.002`);
      const text = pair.slice(equals + 1);
      let value: unknown = text;
      try {
        value = parseJson(text);
      } catch {
        // A bare word is a string.
      }
      return [pair.slice(0, equals), value];
    }),
  );
}

/** The flags of every command. */
interface Shared {
  readonly set: readonly string[];
  readonly plugin: readonly string[];
  readonly config?: string;
  readonly storage: string;
  readonly json: boolean;
}

/** Turns a command's description into commander's, parses, and returns what to run. */
async function parseFlags({ name, summary }: Entry, command: Command, words: readonly string[]) {
  const { Command: Parser, CommanderError, InvalidArgumentError, Option: ParserOption } = await import('commander');
  const { parseChoice } = await import('./options.ts');
  const parser = new Parser(`tradernet ${name}`);
  parser
    .description(summary)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: print });
  for (const argument of command.arguments ?? []) parser.argument(argument.name, argument.doc);
  for (const [flags, option] of Object.entries(command.options)) {
    const one = new ParserOption(flags, option.doc);
    if (option.default !== undefined) one.default(option.default);
    const parseValue = option.choices === undefined ? option.parse : parseChoice(option.choices);
    if (parseValue !== undefined) {
      one.argParser((text: string) => {
        try {
          return parseValue(text);
        } catch (error) {
          throw new InvalidArgumentError((error as Error).message);
        }
      });
    }
    parser.addOption(one);
  }
  const collect = (text: string, before: string[]) => [...before, text];
  parser.addOption(
    new ParserOption('--set <name=value>', 'override one setting; may be repeated')
      .argParser(collect)
      .default([], 'none'),
  );
  parser.addOption(
    new ParserOption('--plugin <file>', 'adds indicators, rules and more; may be repeated')
      .argParser(collect)
      .default([], 'none'),
  );
  parser.option('--config <file>', 'settings file', undefined);
  parser.option('--storage <folder>', 'where everything is kept', STORAGE);
  parser.option('--json', 'print the result as JSON');
  parser.addHelpText(
    'after',
    `\nExample${command.examples.length > 1 ? 's' : ''}:\n${command.examples.map((line) => `  ${line}`).join('\n')}`,
  );
  try {
    parser.parse(words as string[], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw new InputError(
      `${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}; see 'tradernet ${name} --help'`,
    );
  }
  const { set, config, storage, json, plugin: _, ...options } = parser.opts<Shared & Record<string, unknown>>();
  // commander leaves out a flag that isn't given.
  for (const flags of Object.keys(command.options)) if (!flags.includes(' ')) options[propertyOf(flags)] ??= false;
  return { shared: { set, config, storage, json: json === true }, options, args: parser.args };
}

/**
 * The command that the words name, with its options, arguments and overridden settings; null where they asked for help,
 * which is printed.
 * @throws InputError for what no command takes
 */
export async function readCommandLine(words: readonly string[]) {
  const entry = findEntry(words);
  if (entry === undefined) throw unknownCommand(words);
  const command = await entry.load();
  const typed = renameFormerFlags(words.slice(entry.name.split(' ').length));
  const parsed = await parseFlags(entry, command, typed.words);
  if (parsed === null) return null;
  const { options, args, shared } = parsed;
  const flagged = Object.entries(command.options).flatMap(([flags, option]) =>
    option.config === undefined ? [] : [[option.config, options[propertyOf(flags)]]],
  );
  const overrides = { ...Object.fromEntries(flagged), ...parseSets(shared.set, command.bareSet) };
  return { command, options, args, shared, overrides, notes: typed.notes };
}
