import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { readKeys } from '../../src/exchange/keys.ts';
import { createRedactor } from '../../src/exchange/redact.ts';
import { toExchangeError } from '../../src/exchange/venue-errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradernet-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

function keyFile(name: string, content: string, mode = 0o600): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

describe('readKeys', () => {
  const good = '{"key": "abcdef", "secret": "ghijkl"}';

  it('takes the environment first, then the file', () => {
    const file = keyFile('good.json', good);
    const environment = { TRADERNET_BINANCE_KEY: 'k', TRADERNET_BINANCE_SECRET: 's' };
    expect(readKeys('binance', environment, file)).toEqual({ key: 'k', secret: 's' });
    expect(readKeys('binance', { ...environment, TRADERNET_BINANCE_PASSPHRASE: 'p' })).toEqual({
      key: 'k',
      secret: 's',
      passphrase: 'p',
    });
    expect(readKeys('bybit', environment, file)).toEqual({ key: 'abcdef', secret: 'ghijkl' });
    expect(readKeys('bybit', environment)).toBeNull();
    expect(() => readKeys('binance', { TRADERNET_BINANCE_KEY: 'k' })).toThrow('belong together');
  });

  it('refuses a file that others can read, a link, and what is no key file; without quoting it', () => {
    for (const mode of [0o644, 0o640, 0o604, 0o660]) {
      expect(() => readKeys('x', {}, keyFile('open.json', good, mode))).toThrow(/chmod 600/);
    }
    const link = join(folder, 'link.json');
    symlinkSync(keyFile('target.json', good), link);
    expect(() => readKeys('x', {}, link)).toThrow('not a plain file');
    expect(() => readKeys('x', {}, join(folder, 'missing.json'))).toThrow('ENOENT');
    for (const content of [
      'SECRETSECRET',
      '{"key": "SECRETSECRET"}',
      '{"key": "a", "secret": "SECRETSECRET", "more": 1}',
    ]) {
      let message = '';
      try {
        readKeys('x', {}, keyFile('bad.json', content));
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        message = String(error);
      }
      expect(message).toContain('must be JSON');
      expect(message).not.toContain('SECRETSECRET');
    }
  });
});

describe('createRedactor', () => {
  const redact = createRedactor(['my/key+1', 'my-secret']);

  it.each([
    'GET /api?signature=deadbeef&symbol=X',
    'key my/key+1 and my%2Fkey%2B1',
    'my-secret',
    '{"X-MBX-APIKEY":"abc123"}',
    'X-BAPI-SIGN: feed',
    'authorization=Bearer',
    'apiKey=abc&api_key=def',
  ])('%s', (text) => {
    expect(redact(text)).not.toMatch(/deadbeef|my\/key|my%2F|my-secret|abc|feed|Bearer|def/);
    expect(redact(text)).toContain('[redacted]');
  });

  it('leaves the rest alone', () => {
    expect(redact('order 7 filled at 30000.5 USDT')).toBe('order 7 filled at 30000.5 USDT');
  });
});

describe('toExchangeError', () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const sort = (headers: Record<string, string>) =>
    toExchangeError(new Error('x'), { status: 429, headers, body: '' }, nowMs, (text) => text);

  it('reads Retry-After as seconds or as a date, and no further than a day', () => {
    expect(sort({ 'retry-after': '12' })).toMatchObject({ code: 'rate-limited', retryAfterMs: 12_000 });
    expect(sort({ 'Retry-After': new Date(nowMs + 5_000).toUTCString() })).toMatchObject({ retryAfterMs: 5_000 });
    expect(sort({ 'Retry-After': '99999999' })).toMatchObject({ retryAfterMs: 86_400_000 });
    expect(sort({ 'Retry-After': 'soon' })).toMatchObject({ retryAfterMs: 0 });
    expect(sort({})).toMatchObject({ retryAfterMs: 0 });
  });

  it('takes a crash of the parser for a bad answer, and shortens what it says', () => {
    const error = toExchangeError(
      new TypeError(`cannot\n read \x1b[2J\x9b GET https://x.test/api?secret=abc ${'z'.repeat(999)}`),
      null,
      nowMs,
      (text) => text,
    );
    expect(error).toMatchObject({ code: 'bad-answer', retryable: true });
    expect(error.message).not.toContain('abc');
    // A venue's words reach terminals and logs, and command neither.
    expect(error.message).not.toMatch(/\p{Cc}/u);
    expect(error.message.length).toBeLessThan(310);
  });
});
