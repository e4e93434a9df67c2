/** `doctor --certify`, before the rehearsal venue: what it does and says, and what it leaves behind. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { certificateProblem, readCertificate, writeCertificate } from '../../src/exchange/certificate.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { REHEARSAL_KEYS } from '../../src/rehearsal/keys.ts';
import { type Rehearsal, startRehearsal } from '../../src/rehearsal/start.ts';
import { minuteMs } from '../bot/bot-world.ts';
import { real } from '../bot/socket-schedule.ts';
import { SLOW } from '../effort.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { runCli } from './run-cli.ts';

const DAY_MS = 86_400_000;
let storage = '';
let rehearsal: Rehearsal;

beforeAll(async () => {
  storage = mkdtempSync(join(tmpdir(), 'tradernet-certify-'));
  const { series } = synthesize({
    ...{ bars: 1_500, seed: 3, symbol: 'BTC/USDT', timeframeMs: minuteMs, volatility: 0.05, trends: false },
  });
  rehearsal = await startRehearsal({
    ...{ series: [series], real, startMs: series.timeMs[300], endMs: series.timeMs[1_490], speed: 2, seed: 1 },
    ...{ faults: 0, keys: REHEARSAL_KEYS, quoteBalance: '20000', feeRate: '0.001', feeIn: 'received' },
  });
});
afterAll(async () => {
  await rehearsal.server.stop();
  rmSync(storage, { recursive: true, force: true });
});

const certify = (flags: string[], env = {}) =>
  runCli(['doctor', '--certify', '--storage', storage, '--symbol', 'BTC/USDT', ...flags], storage, env);

it('tries everything, and a rehearsal leaves no certificate', SLOW, async () => {
  const { stdout } = await certify(['--server', rehearsal.url]);
  const lines = stdout.split('\n').filter((line) => line.includes('certify: '));
  expect(lines).toHaveLength(10);
  for (const line of lines) expect(line).toMatch(/^good /);
  expect(existsSync(join(storage, 'certificates'))).toBe(false);
});

it('asks for keys, for a symbol that is traded, and for a test network that there is', SLOW, async () => {
  const kraken = ['--sandbox', '--set', 'bot.venue="kraken"'];
  const none = await certify(kraken);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('give keys for kraken') });
  const keys = { TRADERNET_KRAKEN_KEY: 'key', TRADERNET_KRAKEN_SECRET: 'c2VjcmV0' };
  const said = await certify(kraken, keys);
  expect(said.code).not.toBe(0);
  expect(said.stdout + said.stderr).toContain('kraken has no sandbox; leave the sandbox flag out');
  const other = await certify(['--server', rehearsal.url, '--symbol', 'ETH/USDT']);
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown symbol "ETH/USDT"') });
});

it('a certificate holds for the version and ninety days, where everything was good', () => {
  const files = new MemoryFileSystem();
  expect(readCertificate(files, 'okx')).toBeNull();
  const one = { venue: 'okx', sandbox: true, symbol: 'BTC/USDT', ccxt: '4.5.84', timeMs: 1_000, findings: [] };
  expect(writeCertificate(files, one)).toBe('certificates/okx-sandbox.json');
  expect(readCertificate(files, 'okx')).toEqual(one);
  // The newest counts, real or test network.
  const newer = { ...one, sandbox: false, timeMs: 2_000 };
  writeCertificate(files, newer);
  expect(readCertificate(files, 'okx')).toEqual(newer);
  expect(certificateProblem(newer, '4.5.84', 2_000 + 90 * DAY_MS)).toBeNull();
  expect(certificateProblem(newer, '4.5.84', 2_001 + 90 * DAY_MS)).toBe('it is 90 days old');
  expect(certificateProblem(newer, '4.6.0', 2_000)).toBe('it is for ccxt 4.5.84, this is 4.6.0');
  const failed = { ...newer, findings: [{ check: 'clock', ok: false, saw: 'an hour' }] };
  expect(certificateProblem(failed, '4.5.84', 2_000)).toBe('it failed at clock: an hour');
  expect(certificateProblem(null, '4.5.84', 2_000)).toBe('there is none');
  files.write('certificates/okx.json', new TextEncoder().encode('{"venue":1}'));
  expect(readCertificate(files, 'okx')).toEqual(one);
});
