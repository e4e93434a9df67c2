/**
 * Command lines: words of any command with the flags of any, and what nobody would type. All are read; one in fifty is
 * run as a process of its own, with commands that change nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../../src/cli/commands.ts';
import { readConfig } from '../../src/cli/config.ts';
import { readCommandLine } from '../../src/cli/parse-flags.ts';
import { InputError } from '../../src/core/errors.ts';
import type { Rng } from '../../src/core/rng.ts';
import { chance, pick } from './mutate.ts';
import type { Outcome, Surface } from './surface.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const HARMLESS = ['config show', 'shield show', 'data list', 'runs list', 'journal show', 'data check', 'runs show'];
const VALUES = [
  ...[
    '1',
    '0',
    '-1',
    '0.5',
    '1e9',
    '1e999',
    'NaN',
    '',
    ' ',
    'SYNTH',
    'BTC/USDT',
    'a,b',
    ',',
    '2024-01-31',
    '2024-13-45',
    '1h',
    '0h',
    '7x',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '--json',
    '-',
    '--',
    '../..',
    '/dev/zero',
    'x'.repeat(3_000),
    '\u202e',
    '\x1b[2J',
    '$(id)',
  ],
  ...[
    'account.feeRate=0.002',
    'account.feeRate=x',
    '=',
    'a=',
    '__proto__.x=1',
    'ppo.network={"filters":1e9}',
    'seed=[[[[',
    'bot={}',
  ],
];

export const flags: Surface = {
  name: 'flags',
  about: 'command lines of any words, read, and some run; wrong: a run that ends with neither 0, 1 nor 2 and one line',
  inputs: 400,
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'tradernet-fuzz-'));
    const commands = await Promise.all(
      COMMANDS.map(async (entry) => ({ name: entry.name, command: await entry.load() })),
    );
    const known = commands.flatMap(({ command }) => Object.keys(command.options).map((one) => one.split(' ')[0]));
    const makeWords = (rng: Rng): string[] => {
      const { name, command } = pick(rng, commands);
      const own = Object.keys(command.options).map((one) => one.split(' ')[0]);
      const words = name.split(' ');
      for (let i = rng.integer(6); i > 0; i--) {
        if (chance(rng, 0.8))
          words.push(
            chance(rng, 0.8) && own.length > 0
              ? pick(rng, own)
              : pick(rng, [...known, '--set', '--help', '--nope', '-x']),
          );
        if (chance(rng, 0.8)) words.push(pick(rng, VALUES));
      }
      if (chance(rng, 0.05)) words.splice(rng.integer(words.length), 1);
      return words;
    };
    return {
      async attempt(rng): Promise<Outcome> {
        const words = makeWords(rng);
        if (chance(rng, 0.02)) {
          const args = [...pick(rng, HARMLESS).split(' '), ...words.slice(1)].filter((word) => !word.includes('\0'));
          const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
            cwd: folder,
            encoding: 'utf8',
            timeout: 15_000,
          });
          const oneLine = status === 0 || /^([^\n]+\n)*error: [^\n]+\n$/.test(stderr);
          if (![0, 1, 2].includes(status ?? -1) || !oneLine || /\n\s+at /.test(stderr))
            return { wrong: `${JSON.stringify(args)} ended with ${status}: ${stderr.slice(0, 400)}` };
          return status === 0 ? 'taken' : 'refused';
        }
        try {
          const read = await readCommandLine(words);
          if (read !== null) readConfig(folder, read.overrides);
          return 'taken';
        } catch (error) {
          if (error instanceof InputError) return 'refused';
          throw error;
        }
      },
      close: () => rmSync(folder, { recursive: true }),
    };
  },
};
