/**
 * A disk that is full, and one that can't be written: each command says so in one line, exits with 2 and leaves every
 * byte as it was; what only reads goes on. The disks are real: a small tmpfs in a mount namespace of its own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';
import { openLog } from '../../src/journal/record-log.ts';
import { lacks } from '../effort.ts';
import { ENVIRONMENT, MAIN, mustRun, TINY_TRAINING } from './run-cli.ts';

const base = mkdtempSync(join(tmpdir(), 'tradernet-disk-'));
const origin = join(base, 'origin');
afterAll(() => rmSync(base, { recursive: true, force: true }));

const NAMESPACE = ['unshare', '--map-root-user', '--mount'];
const canMount =
  spawnSync(NAMESPACE[0], [...NAMESPACE.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', base], { stdio: 'ignore' })
    .status === 0;

/** In $1 a disk of $2 KB with what $3 holds; $4 'full' or 'ro', $5 KB left free; then the command. */
const SCRIPT = `
disk=$1; size=$2; origin=$3; kind=$4; free=$5; shift 5
mount -t tmpfs -o size=\${size}k tmpfs $disk && cp -a $origin/. $disk/ && cd $disk || exit 99
if [ $kind = ro ]; then mount -o remount,ro tmpfs $disk
else dd if=/dev/zero of=ballast bs=1k 2>/dev/null; [ $free = 0 ] || truncate -s -\${free}k ballast; fi
hashes() { find . -type f ! -name '*.lock' ! -name '*-wal' ! -name '*-shm' -exec sha256sum {} + | sort; }
before=$(hashes)
"$@"; code=$?
[ "$before" = "$(hashes)" ] || { echo CHANGED; hashes | diff - /dev/fd/3 3<<END
$before
END
} >&2
exit $code`;

function runOn(kind: 'full' | 'ro', args: string, freeKb = 0) {
  const disk = mkdtempSync(join(base, 'disk-'));
  const command = [process.execPath, MAIN, ...args.split(' ')];
  const words = [disk, '12000', origin, kind, String(freeKb), ...command];
  const { status, stdout, stderr } = spawnSync(
    NAMESPACE[0],
    [...NAMESPACE.slice(1), 'sh', '-c', SCRIPT, 'sh', ...words],
    {
      encoding: 'utf8',
      env: ENVIRONMENT,
    },
  );
  return { code: status, stdout, stderr };
}

const TRAIN = `train --symbol SYNTH --steps 256 ${TINY_TRAINING.join(' ')}`;
/** A training that was stopped and waits to be resumed. */
async function stopTraining(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: origin, env: ENVIRONMENT });
  child.stderr.once('data', () => child.kill('SIGINT'));
  await new Promise((done) => child.once('close', done));
}

const WRITING = [
  'data synth --symbol OTHER --bars 3000',
  'data export --symbol SYNTH --out prices.csv',
  'data export --symbol SYNTH --out new.csv',
  'features --symbol SYNTH --out features.csv',
  TRAIN,
  'train --resume ppo-SYNTH-s2-1 --kernels wasm --threads 1',
  'evaluate --checkpoint ppo-SYNTH-s1-1 --no-counterfactuals',
  'baseline flat --symbol SYNTH',
  'halt --journal running',
  'reset --journal halted --reason mended --confirm halted',
  'journal export --journal halted --out prices.csv',
];
const READING = [
  'data list',
  'data check',
  'runs list',
  'runs show ppo-SYNTH-s1-1',
  'journal show --journal halted',
  'journal verify --journal halted',
];

describe.skipIf(lacks('unshare or mount', canMount))('on a disk (needs unshare and mount)', () => {
  beforeAll(async () => {
    mkdirSync(origin);
    await mustRun(['data', 'synth', '--bars', '2000'], origin);
    await mustRun(TRAIN.split(' '), origin);
    await stopTraining([...TRAIN.replace('--steps 256', '--steps 900000 --seed 2').split(' ')]);
    await mustRun(['data', 'export', '--symbol', 'SYNTH', '--out', 'prices.csv'], origin);
    const files = new NodeFileSystem(join(origin, 'database/storage'));
    for (const name of ['running', 'halted'])
      openLog(files, `bots/${name}/journal.log`).log.append({
        ...{ type: 'start', timeMs: 0, id: 'x', kind: 'paper', venue: 'binance' },
        ...{ timeframeMs: 3_600_000, symbols: ['SYNTH'], setup: {} },
      });
    writeFileSync(join(files.root, 'bots/halted/halt.json'), '{"by":"me","reason":"why","timeMs":1}');
  });

  it.concurrent.each(WRITING)('that is full: %s', async (args) => {
    const { code, stdout, stderr } = runOn('full', args);
    expect(stderr).toMatch(/^((?!error)[^\n]+\n)?error: [^\n]+\n$/);
    expect(stderr).toMatch(/ENOSPC|full/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  // Room for some of what is written: the failure comes in the middle.
  it.concurrent.each([
    ['data export --symbol SYNTH --out prices.csv', 64],
    ['data export --symbol SYNTH --out new.csv', 100],
    ['features --symbol SYNTH --out features.csv', 200],
    ['data synth --symbol OTHER --bars 5000', 120],
  ] as const)('that fills up: %s, %i KB free', async (args, freeKb) => {
    const { code, stdout, stderr } = runOn('full', args, freeKb);
    expect(stderr).toMatch(/^error: [^\n]*(ENOSPC|full)[^\n]*\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.concurrent.each(WRITING)('that is read-only: %s', async (args) => {
    const { code, stdout, stderr } = runOn('ro', args);
    expect(stderr).toMatch(/^((?!error)[^\n]+\n)?error: [^\n]+\n$/);
    expect(stderr).toMatch(/EROFS|read-?only/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.concurrent.each(READING.flatMap((args) => (['full', 'ro'] as const).map((kind) => [kind, args] as const)))(
    '%s, what reads goes on: %s',
    async (kind, args) => {
      const { code, stdout, stderr } = runOn(kind, args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.length).toBeGreaterThan(10);
    },
  );
});
