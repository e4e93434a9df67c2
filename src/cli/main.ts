/** The command line: finds the command, hands it the edges, prints what it ends in. */

import { existsSync, mkdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { ExchangeError, InputError } from '../core/errors.ts';
import { explainDiskError } from '../disk/disk-errors.ts';
import { systemClock } from '../disk/system-clock.ts';
import type { Context, Output } from './command.ts';
import { COMMANDS } from './commands.ts';
import { readCommandLine, STORAGE } from './parse-flags.ts';
import { createProgress, fail, flushOutput, outputFailure, print, printJson, say } from './terminal.ts';

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

/** Plugins come before whatever walks a list; their file is read only where there are some. */
async function loadNamedPlugins(words: readonly string[]): Promise<readonly string[]> {
  if (
    !words.some((word) => /^--plugin\b/.test(word)) &&
    !words.some((word) => /^--config\b/.test(word)) &&
    !existsSync('tradernet.json')
  )
    return [];
  const { loadPlugins, namedPlugins } = await import('./plugins.ts');
  const paths = namedPlugins(words, process.cwd());
  await loadPlugins(paths);
  return paths;
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
  const plugins = await loadNamedPlugins(words);
  const read = await readCommandLine(words);
  if (read === null) return 0;
  const { command, options, args, shared, overrides } = read;
  const { json } = shared;

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
    plugins,
    config: () => config,
    bot: () => bot,
  };
  const { readConfig } = await import('./config.ts');
  const { config, bot, notes } = readConfig(process.cwd(), overrides, shared.config);
  for (const note of [...read.notes, ...notes]) context.say(`note: ${note}`);
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
