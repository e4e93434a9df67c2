/**
 * The machine's time zone changes nothing: times without an offset are UTC, folds are cut and pages written in UTC. The
 * zones have hours that don't exist (New York), days that don't (Apia) and no whole hours (Kathmandu).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { SLOW } from '../effort.ts';
import { runCli } from './run-cli.ts';

const base = mkdtempSync(join(tmpdir(), 'tradernet-zones-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Hours around the night in which New York has no 02:00, and that in which Apia had no 30th of December. */
function candles(firstMs: number): string {
  const rows = Array.from({ length: 3000 }, (_, i) => {
    const time = new Date(firstMs + 3_600_000 * i).toISOString().slice(0, 19).replace('T', ' ');
    const close = 100 + 5 * Math.sin(i / 7) + (i % 13) / 10;
    return `${time},${close},${close + 1},${close - 1},${close + 0.5},${10 + (i % 5)}`;
  });
  return ['date,open,high,low,close,volume', ...rows, ''].join('\n');
}

const COMMANDS = [
  'data import march.csv --symbol MARCH',
  'data import december.csv --symbol DECEMBER',
  'data list',
  'data check',
  'data export --symbol MARCH --venue csv --out exported.csv',
  'features --symbol DECEMBER --venue csv --out features.csv',
  'baseline buy-and-hold --symbol MARCH --venue csv --test-from 2021-03-14 --report report.html',
];

/** Everything that the commands say and write, but for the folder and the moment. */
async function outcome(zone: string): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(base, 'zone-'));
  writeFileSync(join(folder, 'march.csv'), candles(Date.UTC(2020, 11, 1)));
  writeFileSync(join(folder, 'december.csv'), candles(Date.UTC(2011, 10, 15)));
  const result: Record<string, string> = {};
  for (const command of COMMANDS) {
    const { code, stdout, stderr } = await runCli(command.split(' '), folder, { TZ: zone });
    expect(`${code} ${stderr}`, command).toMatch(/^0 /);
    result[command] = stdout.replaceAll(folder, '');
  }
  for (const file of ['exported.csv', 'features.csv', 'report.html']) {
    result[file] = readFileSync(join(folder, file), 'utf8').replaceAll(folder, '');
  }
  return result;
}

it('says and writes the same in every zone', SLOW, async () => {
  const [utc, ...others] = await Promise.all(
    ['UTC', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia'].map((zone) => outcome(zone)),
  );
  expect(utc['exported.csv']).toContain(`\n${Date.UTC(2021, 2, 14, 2)},`);
  for (const other of others) expect(other).toEqual(utc);
});
