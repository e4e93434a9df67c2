/** What `deploy/` says holds: the unit is one, image and compose file agree with the program, the health check tells. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/commands.ts';
import { readCommandLine } from '../src/cli/parse-flags.ts';
import { serveStatus } from '../src/cli/status-server.ts';
import { writeDurably } from '../src/core/file-system.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { lacks, SLOW } from './effort.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFileSync(join(ROOT, 'deploy', name), 'utf8');
const unit = read('tradernet.service');
const dockerfile = read('Dockerfile');
const compose = read('compose.yaml');
const storage = mkdtempSync(join(tmpdir(), 'tradernet-deploy-'));
afterAll(() => rmSync(storage, { recursive: true, force: true }));

const noSystemd = lacks('systemd-analyze', spawnSync('systemd-analyze', ['--version']).status === 0);

it.skipIf(noSystemd)('systemd takes the unit as it is (skipped without systemd-analyze)', () => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', join(ROOT, 'deploy/tradernet.service')]);
  expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
});

describe('the unit, the image and the compose file', () => {
  it('start the program with flags that it knows', async () => {
    const started = [
      /ExecStart=\S+ node \S+ (.+)$/m.exec(unit)![1].split(' '),
      [
        ...compose
          .split('command:')[1]
          .split('user:')[0]
          .matchAll(/^ +- (.+)$/gm),
      ].map(([, word]) => word),
    ];
    for (const words of started) {
      const plain = words.map((word) => word.replace(/^\$\{.*\}$/, 'BTC/USDT'));
      expect(await readCommandLine(plain), plain.join(' ')).not.toBeNull();
      expect(COMMANDS.map(({ name }) => name)).toContain(plain[0]);
    }
    for (const [, file] of `${unit}${dockerfile}${compose}`.matchAll(/\/opt\/tradernet\/([\w./-]+\.\w+)/g))
      expect(existsSync(join(ROOT, file)), file).toBe(true);
  });

  it('run without root, on a root that nothing is written to, and restart what a person need not mend', () => {
    expect(dockerfile).toMatch(/^FROM node:24-\w+-slim$/m);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(compose).toMatch(/read_only: true/);
    expect(compose).toMatch(/cap_drop:\s+- ALL/);
    expect(compose).toMatch(/no-new-privileges:true/);
    expect(compose).toMatch(/restart: on-failure:\d/);
    for (const line of ['User=tradernet', 'ProtectSystem=strict', 'NoNewPrivileges=yes', 'RestartPreventExitStatus=2'])
      expect(unit.split('\n')).toContain(line);
    const check = /CMD (\[.*healthcheck.*\])/.exec(dockerfile)![1];
    expect(compose).toContain(
      JSON.parse(check)
        .map((word: string) => JSON.stringify(word))
        .join(', '),
    );
  });
});

it('the health check says what the status page says', SLOW, async () => {
  const files = new NodeFileSystem(storage);
  let healthy = true;
  const status = { health: () => ({ healthy, text: `{"healthy":${healthy}}\n` }), metrics: () => '' };
  const check = async (port: number) => {
    const words = [join(ROOT, 'deploy/healthcheck.mjs'), storage, String(port)];
    const env = { ...process.env, TRADERNET_STATUS_TOKEN: undefined };
    const done = await promisify(execFile)(process.execPath, words, { env }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    );
    return `${done.code} ${done.stdout.trim()}`;
  };
  expect(await check(1)).toMatch(/^1 /);
  writeDurably(files, 'bots/one/status-token', 'a-token-of-the-bot\n', 0o600);
  const pages = await serveStatus(status, 0, 'a-token-of-the-bot');
  try {
    expect(await check(pages.port)).toBe('0 {"healthy":true}');
    healthy = false;
    expect(await check(pages.port)).toBe('1 {"healthy":false}');
    writeDurably(files, 'bots/two/status-token', 'of another bot\n', 0o600);
    expect(await check(pages.port)).toBe('1 a token is needed');
  } finally {
    await pages.close();
  }
  expect(await check(pages.port)).toMatch(/^1 .*ECONNREFUSED/);
});
