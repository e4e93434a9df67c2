/** The command line: finds the command, hands it the edges, prints what it ends in. */

import { mkdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { ExchangeError, InputError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { explainDiskError } from '../disk/disk-errors.ts';
import { systemClock } from '../disk/system-clock.ts';
import { type Command, type Context, type Output, propertyOf } from './command.ts';
import { COMMANDS, type Entry } from './commands.ts';
import { renameFormerFlags } from './former-names.ts';
import { createProgress, fail, flushOutput, outputFailure, print, printJson, say } from './terminal.ts';

const STORAGE = 'database/storage';

function overview(): string {
  const width = Math.max(...COMMANDS.map((entry) => entry.name.length));
  return [
    'tradernet: safety-first deep-reinforcement-learning trading of cryptocurrencies',
    '',
    'Usage: tradernet COMMAND [options]',
    '',
    ...COMMANDS.map((entry) => `  ${styleText('bold', entry.name.padEnd(width))}  ${entry.summary}`),
    '',
    "'tradernet COMMAND --help' shows its options with an example. Every command has --json.",
    `What it writes lies under ${STORAGE}; settings come from tradernet.json, see 'tradernet config show'.`,
  ].join('\n');
}

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
  readonly config?: string;
  readonly storage: string;
  readonly json: boolean;
}

/** Turns a command's description into commander's, parses, and returns what to run. */
async function parse({ name, summary }: Entry, command: Command, words: readonly string[]) {
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
  const { set, config, storage, json, ...options } = parser.opts<Shared & Record<string, unknown>>();
  // commander leaves out a flag that isn't given.
  for (const flags of Object.keys(command.options)) if (!flags.includes(' ')) options[propertyOf(flags)] ??= false;
  return { shared: { set, config, storage, json: json === true }, options, args: parser.args };
}

async function run(words: readonly string[]): Promise<number> {
  if (words.length === 0 || words[0] === '--help' || words[0] === '-h' || words[0] === 'help') {
    print(`${overview()}\n`);
    return 0;
  }
  if (words[0] === '--version' || words[0] === '-V') {
    const { readFileSync } = await import('node:fs');
    print(`${JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version}\n`);
    return 0;
  }
  const entry = findEntry(words);
  if (entry === undefined) throw unknownCommand(words);
  const command = await entry.load();
  const typed = renameFormerFlags(words.slice(entry.name.split(' ').length));
  const parsed = await parse(entry, command, typed.words);
  if (parsed === null) return 0;
  const { options, args, shared } = parsed;
  const { json } = shared;
  const flagged = Object.entries(command.options).flatMap(([flags, option]) =>
    option.config === undefined ? [] : [[option.config, options[propertyOf(flags)]]],
  );
  const overrides = { ...Object.fromEntries(flagged), ...parseSets(shared.set, command.bareSet) };

  const stop = new AbortController();
  process.on('SIGINT', () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error('stopped by Ctrl-C'));
  });
  process.on('SIGTERM', () => stop.abort(new Error('stopped by SIGTERM')));
  // A reader that went away (`| head`, a closed terminal) ends nothing: a bot goes on without a screen.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const display = createProgress();
  const storage = isAbsolute(shared.storage) ? shared.storage : join(process.cwd(), shared.storage);
  const context: Context = {
    storage,
    cwd: process.cwd(),
    clock: systemClock,
    env: process.env,
    signal: stop.signal,
    json,
    progress: display.progress,
    say(line) {
      display.close();
      say(line);
    },
    print(line) {
      display.close();
      if (!json) print(`${line}\n`);
    },
    async ask(question) {
      if (!process.stdin.isTTY) return null;
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    overrides,
    configFile: shared.config,
    config: () => config,
    bot: () => bot,
  };
  const { readConfig } = await import('./config.ts');
  const { config, bot, notes } = readConfig(process.cwd(), overrides, shared.config);
  for (const note of [...typed.notes, ...notes]) context.say(`note: ${note}`);
  try {
    mkdirSync(storage, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(`--storage ${shared.storage}: no folder can be made there (${code}); choose another`);
  }
  let output: Output;
  try {
    output = await command.run(options, context, args);
  } finally {
    display.close();
  }
  if (json) printJson(output.json);
  else if (output.text !== '') print(`${output.text}\n`);
  return output.exitCode ?? 0;
}

try {
  process.exitCode = await run(process.argv.slice(2));
  await flushOutput();
  const failure = outputFailure();
  if (failure !== null) {
    fail(`the output can't be written (${failure.code}); what it says is incomplete`);
    process.exitCode = 2;
  }
} catch (error) {
  const input = error instanceof InputError ? error : explainDiskError(error);
  if (input !== null) {
    fail(input.message);
    process.exitCode = 2;
  } else if (error instanceof ExchangeError) {
    const advice = error.retryable ? 'try again in a while' : 'see what the venue says';
    fail(`${error.message} (${error.code}); ${advice}`);
    process.exitCode = 1;
  } else throw error;
}
