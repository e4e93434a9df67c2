import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configSchema, readConfig } from '../../src/cli/config.ts';
import { renameFormerFlags } from '../../src/cli/former-names.ts';
import { InputError } from '../../src/core/errors.ts';
import { listSettings } from '../../src/core/setting.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradernet-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string) => writeFileSync(join(folder, 'tradernet.json'), text);
const errorOf = (overrides = {}): string => {
  try {
    readConfig(folder, overrides);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error('was accepted');
};

describe('tradernet.json', () => {
  test('every setting states unit, default and meaning', () => {
    for (const row of listSettings(configSchema)) {
      expect(row.unit, row.path).not.toBe('');
      expect(row.doc, row.path).not.toBe('');
      expect(row.default, row.path).not.toBe(undefined);
    }
  });

  test('a byte order mark, comments, a last comma and $schema are fine; what looks like one in a string stays', () => {
    write(`\ufeff{
  // the schema helps an editor
  "$schema": "https://example.com/a.json", /* "seed": 4, */
  "market": {"venue": "a//b/*c*/,}",},
}
`);
    const { config, origins } = readConfig(folder);
    expect(config.market.venue).toBe('a//b/*c*/,}');
    expect([...origins.keys()]).toEqual(['market.venue']);
    write('{"seed": 4 / 2}');
    expect(errorOf()).toMatch(/not valid JSON/);
  });

  test('a former name is taken, with a note', () => {
    write('{"features": {"timeframe": 24}, "bot": {"exchange": "bybit"}}');
    const { config, bot, notes } = readConfig(folder);
    expect([config.features.window, bot.venue]).toEqual([24, 'bybit']);
    expect(notes).toEqual([
      'the setting features.timeframe is called features.window now',
      'the setting bot.exchange is called bot.venue now',
    ]);
    expect(readConfig(folder, { 'features.timeframe': 6 }).config.features.window).toBe(6);
    expect(renameFormerFlags(['--exchange', 'okx', '--exchange=kraken', 'x']).words).toEqual([
      ...['--venue', 'okx', '--venue=kraken', 'x'],
    ]);
  });

  test('without a file everything has its default', () => {
    const { config, origins } = readConfig(folder);
    expect(config.account.feeRate).toBe(0.001);
    expect(origins.size).toBe(0);
  });

  test('a flag wins over the file, and each value knows where it came from', () => {
    write('{"account": {"feeRate": 0.002, "maxUnits": 2}}');
    const { config, origins } = readConfig(folder, { 'account.feeRate': 0.003 });
    expect(config.account).toMatchObject({ feeRate: 0.003, maxUnits: 2 });
    expect(origins.get('account.feeRate')).toBe('flag');
    expect(origins.get('account.maxUnits')).toContain('tradernet.json');
  });

  test.each([
    ['{', 'not valid JSON'],
    ['[]', 'must hold a JSON object'],
    ['{"acount": {"feeRate": 1}}', "did you mean 'account"],
    ['{"account": {"feeRate": "0.1 %"}}', 'account.feeRate'],
    ['{"account": {"feeRate": 3}}', 'account.feeRate'],
    ['{"account": {"maxUnits": 2.5}}', 'account.maxUnits'],
    ['{"features": {"set": "tradernet99"}}', 'features.set'],
    ['{"account": 3}', 'account'],
  ])('%s is refused in one line that says where', (text, part) => {
    write(text);
    const message = errorOf();
    expect(message).toContain(part);
    expect(message).not.toContain('\n');
  });

  test('an unknown flag value names the nearest setting', () => {
    expect(errorOf({ 'account.fee': 1 })).toContain("did you mean 'account.feeRate'");
  });
});
