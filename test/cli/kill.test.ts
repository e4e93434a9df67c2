/**
 * Trainings of the command line, really killed (`kill -9`) at random moments: the next start reads everything that is
 * there, `--resume` goes on, and the end has the bytes of a training that was left alone. Ctrl-C saves first.
 * `npm run crash` kills each twenty times.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEARNERS } from '../../src/agents/index.ts';
import { Rng } from '../../src/core/rng.ts';
import { SLOW } from '../effort.ts';
import { ENVIRONMENT, type Ended, hashFiles, MAIN, mustRun, runCli, TINY_TRAINING } from './run-cli.ts';

const KILLS = Number(process.env.TRADERNET_KILLS ?? 3);
const STEPS = String(1024 + 128 * KILLS);
const base = mkdtempSync(join(tmpdir(), 'tradernet-killed-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A folder with the market in it. */
function makeFolder(name: string): string {
  const folder = join(base, name);
  mkdirSync(folder);
  cpSync(join(base, 'market'), folder, { recursive: true });
  return folder;
}

/** What a resume needs beside the run's name: machine settings, which are no part of the run. */
const MACHINE = ['--kernels', 'wasm', '--threads', '1'];
const begin = (agent: string) => ['train', '--agent', agent, '--symbol', 'SYNTH', '--steps', STEPS, ...TINY_TRAINING];
const resume = (run: string) => ['train', '--resume', run, ...MACHINE];

interface Started {
  readonly child: ChildProcess;
  /** Resolves once the training says that it goes, or has ended. */
  readonly going: Promise<unknown>;
  readonly ended: Promise<Ended & { readonly signal: string | null }>;
}

function start(args: readonly string[], cwd: string): Started {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (data) => (output[name] += data));
  const ended = new Promise<Ended & { readonly signal: string | null }>((done) =>
    child.on('close', (code, signal) => done({ code, signal, ...output })),
  );
  return { child, ended, going: Promise.race([ended, new Promise((done) => child.stderr.once('data', done))]) };
}

const trained = (folder: string, run: string) => hashFiles(join(folder, 'database/storage/checkpoints', run));

beforeAll(async () => {
  mkdirSync(join(base, 'market'));
  await mustRun(['data', 'synth', '--bars', '2000'], join(base, 'market'));
});

/** Steps of the last checkpoint; 0 before there is one. It may just be on its way to its place. */
function stepsOf(folder: string, run: string): number {
  try {
    const file = join(folder, 'database/storage/checkpoints', run, 'last/checkpoint.json');
    return JSON.parse(readFileSync(file, 'utf8')).trainedSteps;
  } catch {
    return 0;
  }
}

describe.each(LEARNERS.map(({ name }) => name))('a training of %s', (agent) => {
  const first = `${agent}-SYNTH-s1-1`;
  let alone: Record<string, string>;
  beforeAll(async () => {
    const folder = makeFolder(`${agent}-alone`);
    await mustRun(begin(agent), folder);
    alone = trained(folder, first);
    expect(Object.keys(alone)).toContain('best/model.safetensors');
  });

  it(`that is killed ${KILLS} times ends with the bytes of one that was left alone`, SLOW, async () => {
    const folder = makeFolder(`${agent}-killed`);
    const rng = new Rng(5, 1 + LEARNERS.findIndex(({ name }) => name === agent));
    let run: string | null = null;
    let kills = 0;
    const at: number[] = [];
    while (kills < KILLS) {
      const before = stepsOf(folder, first);
      const { child, going, ended } = start(run === null ? begin(agent) : resume(run), folder);
      // Most of them in the training; now and then earlier: while it loads, registers, reads its checkpoint.
      if (rng.uniform() < 0.25) await sleep(400 * rng.uniform());
      else {
        await going;
        while (child.exitCode === null && stepsOf(folder, first) === before) await sleep(2);
        await sleep(60 * rng.uniform());
      }
      child.kill('SIGKILL');
      if ((await ended).signal === null) break;
      kills++;
      at.push(stepsOf(folder, first));
      const runs = JSON.parse(await mustRun(['runs', 'list', '--json'], folder)) as { run: string }[];
      run = runs[0]?.run ?? null;
    }
    expect(kills).toBeGreaterThan(KILLS / 2);
    const end = await runCli(run === null ? begin(agent) : resume(run), folder);
    expect(end).toMatchObject({ code: 0, stdout: expect.stringContaining(`${first}: finished`) });
    console.log(`${agent}: ${kills} kills, with checkpoints of these steps there: ${at.join(', ')}`);
    expect(new Set(at).size).toBeGreaterThan(KILLS / 3);
    expect(trained(folder, first)).toEqual(alone);
    const steps = JSON.parse(await mustRun(['runs', 'show', first, '--json'], folder)).metrics.map(
      (row: { step: number }) => row.step,
    );
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => Number(a) - Number(b)));
  });

  it('that is stopped by Ctrl-C says how to go on, and going on ends the same', SLOW, async () => {
    const folder = makeFolder(`${agent}-stopped`);
    const { child, going, ended } = start(begin(agent), folder);
    await going;
    child.kill('SIGINT');
    const stopped = await ended;
    expect(stopped).toMatchObject({ code: 130, signal: null });
    expect(stopped.stdout).toMatch(/: stopped after [\d,]+ steps/);
    expect(stopped.stdout).toContain(`tradernet -- train --resume ${first}`);
    expect(trained(folder, first)).toHaveProperty(['last/model.safetensors']);
    expect((await runCli(resume(first), folder)).stdout).toContain(`${first}: finished`);
    expect(trained(folder, first)).toEqual(alone);
  });
});

it('a second Ctrl-C ends a training at once', SLOW, async () => {
  const folder = makeFolder('twice');
  for (let attempt = 1; ; attempt++) {
    const { child, going, ended } = start(begin(LEARNERS[0].name), folder);
    await going;
    child.kill('SIGINT');
    await sleep(15);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    // It may have been quicker: then it has saved and says so.
    if (stdout === '') break;
    expect(attempt).toBeLessThan(6);
  }
  expect((await runCli(['runs', 'list'], folder)).code).toBe(0);
});
