/** What reaches a screen: names of strangers command nothing, readers may go, a full disk behind `>` is told. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellWord } from '../../src/cli/shell-word.ts';
import { asTypedInClone, printable } from '../../src/cli/terminal.ts';
import { isMarketName } from '../../src/core/symbol.ts';
import { ENVIRONMENT, MAIN, mustRun, runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradernet-terminal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(async () => {
  await mustRun(['data', 'synth', '--bars', '600'], folder);
});

const HOSTILE = 'BTC\x1b[2J\x1b]0;owned\x07\u202eTSDU\x9b31m\r\n; rm -rf ~ #<script>alert(1)</script>';
// biome-ignore lint/suspicious/noControlCharactersInRegex: what commands a terminal is what is looked for
const COMMANDS = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]|\x1b(?!\[[\d;]*m)/;

describe('text', () => {
  it('is written out where it would command a terminal; colours stay', () => {
    expect(printable(`\x1b[1mbold\x1b[22m\tgrün\n`)).toBe(`\x1b[1mbold\x1b[22m\tgrün\n`);
    expect(printable(HOSTILE)).not.toMatch(COMMANDS);
    expect(printable('\x1b[2J\u202e')).toBe('\\u001b[2J\\u202e');
    // JSON stays the same JSON.
    expect(JSON.parse(printable(JSON.stringify({ [HOSTILE]: HOSTILE })))).toEqual({ [HOSTILE]: HOSTILE });
  });

  it('words of a command line are one word each to a shell', () => {
    for (const word of [
      'BTC/USDT',
      "it's",
      '$(id)',
      '`id`',
      'a b',
      '^GSPC',
      '',
      '*',
      '~',
      'a"b',
      '!x',
      '币安人生/USDT',
    ]) {
      const { stdout } = spawnSync('sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8', cwd: folder });
      expect(stdout).toBe(word);
    }
    expect(shellWord('BTC/USDT:USDT-240628')).toBe('BTC/USDT:USDT-240628');
  });

  it('commands are shown as they are typed in a clone, and nothing else is touched', () => {
    expect(asTypedInClone("see 'tradernet data list'; tradernet train --resume x")).toBe(
      "see 'npm run tradernet -- data list'; npm run tradernet -- train --resume x",
    );
    for (const text of [
      'tradernet.json',
      'tradernet21 and tradernet 22',
      'bin/tradernet train',
      'npm run tradernet -- train',
    ])
      expect(asTypedInClone(text)).toBe(text);
  });
});

it.each([
  ...[
    'BTC/USDT',
    'BTCUSDT',
    'BTC/USDT:USDT-240628',
    '^GSPC',
    'BRK.B',
    'EURUSD=X',
    '1000SATS/USDT',
    '币安人生/USDT',
    'BTC_USD',
  ],
])('%s is a name of a market', (name) => expect(isMarketName(name)).toBe(true));

it.each([
  ...['', ' ', HOSTILE, '__proto__', 'constructor', 'toString', '-rf', '--help', '../../etc', 'a b', 'x'.repeat(65)],
  ...['a;b', 'a`b', '<b>', '"', "'", 'a\nb', '\u202eA', 'a\u200bb', 'a|b', 'a$b', 'a&b', '~', '*', '.'],
])('%j is none', (name) => expect(isMarketName(name)).toBe(false));

describe('names of strangers', () => {
  it.each([
    ['data', 'synth', '--symbol', HOSTILE],
    ['data', 'import', 'x.csv', '--symbol', HOSTILE],
    ['data', 'import', 'hostile.csv'],
    ['data', 'check', '--symbol', HOSTILE],
    ['train', '--symbol', HOSTILE],
    ['data', 'export', '--venue', HOSTILE, '--out', 'x'],
    ['evaluate', '--checkpoint', HOSTILE],
    ['runs', 'show', HOSTILE],
    ['journal', 'show', '--journal', HOSTILE],
    ['paper', '--checkpoint', 'x'.repeat(5_000)],
    ['data', 'export', '--symbol', 'SYNTH', '--out', 'y'.repeat(300)],
    ['train', '--symbol', 'S'.repeat(3_000)],
    ['config', 'show', '--config', 'z'.repeat(5_000)],
    ['data', 'import', '/dev/zero', '--symbol', 'X'],
    ['features', '--input', '/dev/zero', '--out', 'x'],
    ['config', 'show', '--config', '/dev/zero'],
    ['data', 'list', '--config', '/dev/zero'],
    ['paper', '--checkpoint', 'x', '--keys', '/dev/zero'],
    ['evaluate', '--checkpoint', '/dev/zero'],
    ['data', 'export', '--symbol', 'SYNTH', '--out', '/dev/null'],
    ['data', 'export', '--symbol', 'SYNTH', '--out', '/dev/full'],
    ['train', '--symbol', 'SYNTH', '--set', `account.feeRate=${'['.repeat(9_000)}`],
    ['train', '--symbol', 'SYNTH', '--set', `ppo.network=${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`],
    ['train', '--symbol', 'SYNTH', '--set', 'ppo.network={"filters":100000000}'],
    ['train', '--symbol', 'SYNTH', '--set', 'ppo.network={"hidden":[100000000]}'],
    ['train', '--symbol', 'SYNTH', '--set', 'features.window=100000000'],
    ['train', '--symbol', 'SYNTH', '--set', 'dqn.bufferSize=1e300', '--agent', 'dqn'],
    ['train', '--symbol', 'SYNTH', '--set', '{"__proto__":1}=2'],
  ] as const)('%s %s %s: one line', async (...args) => {
    writeFileSync(
      join(folder, 'hostile.csv'),
      `symbol,time,open,high,low,close,volume\n"${HOSTILE}",1600000000,1,1,1,1,1\n`,
    );
    writeFileSync(join(folder, 'x.csv'), 'time,open,high,low,close,volume\n1600000000,1,1,1,1,1\n');
    const { code, stdout, stderr } = await runCli(args, folder);
    expect(stderr).toMatch(/^([^\n]+\n)?error: [^\n]+\n$/);
    expect(stderr).not.toMatch(COMMANDS);
    expect(stderr.length).toBeLessThan(12_000);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('of a database that somebody else made command nothing', async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    await mustRun(['data', 'synth', '--bars', '600'], other);
    using database = new DatabaseSync(join(other, 'database/storage/market.sqlite'));
    database.prepare('UPDATE series SET symbol = ?, venue = ?').run(HOSTILE, HOSTILE);
    for (const args of [
      ['data', 'list'],
      ['data', 'check'],
      ['train', '--symbol', 'SYNTH'],
    ]) {
      const { stdout, stderr } = await runCli(args, other);
      expect(stdout + stderr).not.toMatch(COMMANDS);
      expect((stdout + stderr).length).toBeGreaterThan(20);
    }
  });
});

const shell = (line: string) =>
  spawnSync('bash', ['-c', line], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...ENVIRONMENT, T: `${process.execPath} ${MAIN}` },
  });

describe.skipIf(!existsSync('/bin/bash'))('a reader that goes (needs bash)', () => {
  it.each(['$T data list', '$T --help', '$T config show', '$T train --help', '$T config show --json', '$T nope 2>&1'])(
    '%s | true',
    (command) => {
      for (let i = 0; i < 3; i++) {
        const { stdout, stderr } = shell(`${command} | true; echo \${PIPESTATUS[0]}`);
        expect(stderr).toBe('');
        expect(stdout.trim()).toBe(command.includes('nope') ? '2' : '0');
      }
    },
  );

  it('of a long output is no failure', () => {
    const { stdout, stderr } = shell(`$T config show | head -n 1; echo \${PIPESTATUS[0]}`);
    expect({ stderr, lines: stdout.trim().split('\n').length }).toEqual({ stderr: '', lines: 2 });
    expect(stdout.trim().endsWith('0')).toBe(true);
  });

  it.skipIf(!existsSync('/dev/full'))('but a disk that is full is one', () => {
    const { status, stderr } = shell('$T data list > /dev/full');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: the output can't be written \(ENOSPC\)[^\n]*\n$/);
  });
});
