/** The contract of every command: what the index says of it is true, its help and examples hold, `--json` is JSON. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { ENVIRONMENT, MAIN, mustRun, runCli, TINY_TRAINING } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradernet-commands-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every command has these. */
const SHARED = ['--set', '--plugin', '--config', '--storage', '--json', '--help'];
const flagsOf = (command: Command) => [...SHARED, ...Object.keys(command.options).map((flags) => flags.split(' ')[0])];

it('names are unlike, and the overview lists them', async () => {
  const names = COMMANDS.map((entry) => entry.name);
  expect(new Set(names).size).toBe(names.length);
  const overview = (await runCli(['--help'], folder)).stdout;
  for (const { name, summary } of COMMANDS) expect(overview).toMatch(new RegExp(`  ${name} +${summary.slice(0, 20)}`));
});

describe.each(COMMANDS.map((entry) => [entry.name, entry] as const))('%s', (name, entry) => {
  it('has flags that are unlike and say what they are', async () => {
    const command = await entry.load();
    const flags = flagsOf(command);
    expect(new Set(flags).size).toBe(flags.length);
    for (const [flag, option] of Object.entries(command.options)) {
      expect(flag).toMatch(/^--[a-z]+(-[a-z]+)*( <[\w ]+>| \[[\w ]+\])?$/);
      expect(option.doc, flag).not.toBe('');
    }
  });

  it('has examples that know its flags', async () => {
    const command = await entry.load();
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) {
      expect(`${example} `).toMatch(new RegExp(`^tradernet ${name} `));
      for (const [flag] of example.matchAll(/(?<= )--[a-z-]+/g)) expect(flagsOf(command), example).toContain(flag);
    }
  });

  it.concurrent('explains itself', async () => {
    const { code, stdout, stderr } = await runCli([...name.split(' '), '--help'], folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: tradernet ${name}`);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(entry.summary);
    const command = await entry.load();
    // As one types it in a clone.
    for (const example of command.examples)
      expect(stdout).toContain(example.replace(/^tradernet/, 'npm run tradernet --'));
    for (const flag of flagsOf(command)) expect(stdout).toContain(flag);
  });
});

describe('--json', () => {
  const json = async (args: string) => JSON.parse(await mustRun([...args.split(' '), '--json'], folder));
  const RUN = 'ppo-SYNTHUSDT-s1-1';
  const BOT = 'tested';

  beforeAll(async () => {
    writeFileSync(
      join(folder, 'x.csv'),
      ['time,open,high,low,close,volume', ...[0, 1, 2].map((i) => `${3_600_000 * (400_000 + i)},2,3,1,2,5`)].join('\n'),
    );
    expect(await json('data synth --symbol SYNTH/USDT --bars 4000 --no-trends')).toMatchObject({ bars: 4000 });
    expect(await json('data synth --symbol OTHER/USDT --bars 4000 --no-trends --seed 2')).toMatchObject({ bars: 4000 });
    const train = ['train', '--symbol', 'SYNTH/USDT', '--steps', '128', '--json', ...TINY_TRAINING];
    expect(JSON.parse(await mustRun(train, folder))).toMatchObject({ run: RUN, status: 'finished', steps: 128 });
    const bot = `rehearse --symbol SYNTH/USDT --candles synthetic --run paper --journal ${BOT} --checkpoint ${RUN} --hours 4 --speed 3600 --faults 0 --port 0 --set bot.statusPort=0`;
    expect(await json(bot)).toMatchObject({ injections: [], duplicates: [] });
  });

  it.concurrent.each([
    ['data import x.csv --symbol X', { symbol: 'X', inserted: 3 }],
    ['data list', expect.arrayContaining([expect.objectContaining({ symbol: 'SYNTH/USDT', bars: 4000 })])],
    ['data check --symbol SYNTH/USDT', [expect.objectContaining({ errors: [], gaps: [] })]],
    ['data export --symbol SYNTH/USDT --out out.csv', { bars: 4000 }],
    ['features --symbol SYNTH/USDT --out features.csv', { set: 'tradernet20', rows: 4000 }],
    [`evaluate --checkpoint ${RUN}`, { symbol: 'SYNTH/USDT', judgement: { verdict: expect.any(String) } }],
    [`evaluate --checkpoint ${RUN}/last --fold validation --shield none`, { fold: 'validation' }],
    ['baseline buy-and-hold --symbol SYNTH/USDT', { subject: { name: 'buy-and-hold' } }],
    ['reproduce published --bars 200 --walks 2', { expected: expect.any(Number), markets: [{ worlds: 2 }] }],
    [
      `evaluate --checkpoint ${RUN} --force --costs --fold validation --shield none`,
      { costs: { curve: expect.any(Array) } },
    ],
    [
      `portfolio --checkpoint ${RUN} --symbol SYNTH/USDT,OTHER/USDT --force`,
      { symbols: [{}, {}], whole: { trades: expect.any(Number) } },
    ],
    [`leak-check --checkpoint ${RUN} --cuts 1`, { verdict: 'clean', symbols: [{ leaks: [] }] }],
    ['shield show', { profile: 'cautious', rows: expect.any(Array) }],
    [`shield ablation --checkpoint ${RUN} --profiles balanced --fold validation`, [{ profile: 'balanced' }]],
    ['runs list', expect.arrayContaining([expect.objectContaining({ run: RUN })])],
    [`runs show ${RUN}`, { run: RUN, metrics: expect.any(Array), registration: { seed: 1 } }],
    ['config show', expect.arrayContaining([expect.objectContaining({ path: 'account.feeRate', origin: 'default' })])],
    [`journal show --journal ${BOT}`, expect.any(Array)],
    [`journal export --journal ${BOT}`, expect.arrayContaining([expect.objectContaining({ type: 'start' })])],
    [`journal verify --journal ${BOT}`, { journal: BOT, fault: null }],
    [`verify --journal ${BOT}`, { journal: BOT, differences: [] }],
    [
      `drift --journal ${BOT} --promised 0.0001`,
      { kind: 'paper', symbols: [{ firstDifferenceMs: null, evidence: { brokenMs: null } }] },
    ],
    [`reset --journal ${BOT} --reason nothing`, { journal: BOT, reset: false }],
  ])('%s', async (args, expected) => {
    expect(await json(args)).toMatchObject(expected);
  });

  it('walk-forward', async () => {
    const tiny = TINY_TRAINING.join(' ').replace('--threads 1', '--threads 1 --jobs 1');
    const args = `walk-forward --symbol SYNTH/USDT --folds 1 --seeds 1 --steps 128 --shield cautious ${tiny}`;
    expect(await json(args)).toMatchObject({ scores: expect.any(Array) });
  });

  it('what a person orders of a bot that does not run, and the journal still verifies', async () => {
    const order = (args: string) => json(`${args} --journal ${BOT}`);
    expect(await order('pause')).toMatchObject({ journal: BOT, command: 'pause', running: false, done: true });
    await order('resume --symbol SYNTH/USDT');
    expect(await order('adopt --symbol SYNTH/USDT --quantity 2 --price 10')).toMatchObject({ done: true });
    expect(await order('cancel-all')).toMatchObject({ command: 'cancel-all', done: true });
    expect(await order('close')).toMatchObject({ command: 'close', done: true });
    await order('adopt --symbol SYNTH/USDT --quantity 1 --price 10');
    expect(await order('abandon --symbol SYNTH/USDT')).toMatchObject({ command: 'abandon', done: true });
    await order('tighten --max-drawdown 0.1 --max-position 500');
    const wider = await runCli(['tighten', '--journal', BOT, '--max-drawdown', '0.15'], folder);
    expect(wider).toMatchObject({ code: 2, stderr: expect.stringContaining('can only be lowered') });
    const nothing = await runCli(['abandon', '--journal', BOT], folder);
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('holds nothing') });
    expect(await order('verify')).toMatchObject({ differences: [] });
  });

  it('halt, then reset', async () => {
    expect(await json(`halt --journal ${BOT} --reason test`)).toMatchObject({ journal: BOT, already: false });
    expect(await json(`halt --journal ${BOT} --reason test`)).toMatchObject({ journal: BOT, already: true });
    expect(await json(`reset --journal ${BOT} --reason over --confirm ${BOT}`)).toMatchObject({ reset: true });
  });

  it('of what speaks with a venue', async () => {
    const args = 'rehearse --symbol SYNTH/USDT --candles synthetic --hours 1000 --speed 60 --faults 0 --port 0 --json';
    const server = spawn(process.execPath, [MAIN, ...args.split(' ')], { cwd: folder, env: ENVIRONMENT });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) server[name].on('data', (data) => (output[name] += data));
    const ended = new Promise((done) => server.on('close', done));
    try {
      while (!output.stderr.includes('Ctrl-C')) await new Promise((done) => server.stderr.once('data', done));
      const url = /http:\/\/[\d.:]+/.exec(output.stderr)?.[0];
      const doctor = await runCli(['doctor', '--json', '--server', `${url}`, '--symbol', 'SYNTH/USDT'], folder);
      expect(JSON.parse(doctor.stdout)).toContainEqual(expect.objectContaining({ check: 'database', state: 'good' }));
      const download = `data download --venue binance --symbol SYNTH/USDT --from 2020-01-02 --to 2020-01-04 --server ${url}`;
      expect(await json(download)).toMatchObject([{ symbol: 'SYNTH/USDT', written: 48 }]);
    } finally {
      server.kill('SIGINT');
      await ended;
    }
    expect(JSON.parse(output.stdout)).toMatchObject({ injections: [], orders: [] });
  });
});

it('a settings file may lie anywhere', async () => {
  const file = join(folder, 'mine.json');
  writeFileSync(file, '{"account": {"feeRate": 0.002}}');
  const rows = JSON.parse(await mustRun(['config', 'show', '--json', '--config', file], tmpdir()));
  expect(rows).toContainEqual(expect.objectContaining({ path: 'account.feeRate', value: 0.002, origin: file }));
});
