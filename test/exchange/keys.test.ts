import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatLogLine } from '../../src/bot/log-line.ts';
import { InputError } from '../../src/core/errors.ts';
import { readKeys } from '../../src/exchange/keys.ts';
import { createRedactor, secretsOfUrl } from '../../src/exchange/redact.ts';
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

  it('refuses a file that others can read, and what is no key file; without quoting it', () => {
    for (const mode of [0o644, 0o640, 0o604, 0o660]) {
      expect(() => readKeys('x', {}, keyFile('open.json', good, mode))).toThrow(/chmod 600/);
    }
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

describe.skipIf(process.getuid?.() !== 0)('key files as a container gets them (needs root)', () => {
  const good = '{"key": "abcdef", "secret": "ghijkl"}';
  // Another user in a process of its own: what root may read says nothing.
  const program = `
    import { readKeys } from '${new URL('../../src/exchange/keys.ts', import.meta.url).href}';
    process.setgroups([4321]); process.setgid(4321); process.setuid(4321);
    try { console.log(readKeys('x', {}, process.argv[1]).key); } catch (error) { console.log(error.message); }`;
  const asUser = (file: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', program, file], { encoding: 'utf8' }).stdout.trim();

  /** As the kubelet writes a volume: a sticky folder, a link to a link to the folder of this moment. */
  function makeVolume(name: string, mode: number, gid: number): string {
    const volume = join(folder, name);
    mkdirSync(join(volume, '..2026_07_30'), { recursive: true });
    chmodSync(volume, 0o1777);
    const file = join(volume, '..2026_07_30/keys.json');
    writeFileSync(file, good);
    chmodSync(file, mode);
    chownSync(file, 0, gid);
    symlinkSync('..2026_07_30', join(volume, '..data'));
    symlinkSync('..data/keys.json', join(volume, 'keys.json'));
    return join(volume, 'keys.json');
  }

  beforeAll(() => chmodSync(folder, 0o755));

  it('takes a volume of Kubernetes with defaultMode 0440 and fsGroup, and a secret of Docker with mode 0440', () => {
    expect(asUser(makeVolume('k8s', 0o440, 4321))).toBe('abcdef');
    const docker = keyFile('docker.json', good, 0o440);
    chownSync(docker, 0, 4321);
    expect(asUser(docker)).toBe('abcdef');
    expect(readKeys('x', {}, makeVolume('k8s-root', 0o400, 0))).toMatchObject({ key: 'abcdef' });
  });

  it('refuses both in their default modes, which every user of the container can read', () => {
    expect(asUser(makeVolume('k8s-open', 0o644, 0))).toContain('others can read it (mode 0644)');
    const docker = keyFile('docker-open.json', good, 0o444);
    expect(asUser(docker)).toContain('mount it with mode 0400 or 0440');
  });

  it('refuses what another user could have put there', () => {
    const theirs = keyFile('theirs.json', good, 0o400);
    chownSync(theirs, 4322, 4322);
    expect(() => readKeys('x', {}, theirs)).toThrow('belongs to another user');
    const link = join(folder, 'their-link.json');
    symlinkSync(keyFile('target.json', good), link);
    lchownSync(link, 4322, 4322);
    expect(() => readKeys('x', {}, link)).toThrow('others can change');
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o777);
    expect(() => readKeys('x', {}, keyFile('open/keys.json', good))).toThrow('others can change');
    expect(() => readKeys('x', {}, '/dev/zero')).toThrow('not a regular file');
  });
});

/** Every way in which a venue, a proxy, a library or a shell may spell what it was told. */
const PEM = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIBkg4LVWM9nuwNSk3yByxZpYRTBnVJk5GkTQ7Nw5bYzQoAoGCCqGSM49
AwEHoUQDQgAEGkX4+7f/3zmJX8GJrK0Q8j5hGqqNhGpD2xkPMwdoQZq7kTH9yAkn
VbUY7mEJVwQmYBqYtKzPvh5qkmJZW1dDmQ==
-----END EC PRIVATE KEY-----`;
const AWKWARD = `kE7+/"a b'\\&=xQ9zW2vB4nM`;
const HOOK = 'https://hooks.example.com/services/T0AB12CD3/B0EF45GH6/pQrStUvWxYz0123456789abc';
const SPELLINGS: Readonly<Record<string, string>> = {
  raw: `key ${AWKWARD} is wrong`,
  'in JSON': JSON.stringify({ message: AWKWARD }),
  'in JSON in JSON': JSON.stringify({ message: JSON.stringify({ message: AWKWARD }) }),
  'in JSON by code points': `{"a":"${[...AWKWARD].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"}`,
  'in a URL': `GET /api?x=${encodeURIComponent(AWKWARD)}&y=1`,
  'in a URL, small': `GET /api?x=${encodeURIComponent(AWKWARD).replace(/%../g, (code) => code.toLowerCase())}`,
  'in a URL twice': encodeURIComponent(encodeURIComponent(AWKWARD)),
  'in a form': String(new URLSearchParams({ x: AWKWARD })),
  'in HTML': `<p>${AWKWARD.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;').replaceAll('/', '&#x2F;')}</p>`,
  'in base64': Buffer.from(AWKWARD).toString('base64'),
  'in base64 of key:secret': Buffer.from(`name:${AWKWARD}`).toString('base64'),
  'in base64 for URLs': Buffer.from(`12${AWKWARD}`).toString('base64url'),
  'in hex': Buffer.from(AWKWARD).toString('hex').toUpperCase(),
  'cut short': `key ${AWKWARD.slice(0, 16)}...`,
  'a PEM block': PEM,
  'a PEM block in JSON': JSON.stringify({ secret_key: PEM }),
  'a line of a PEM block': `bad line ${PEM.split('\n')[2]}`,
  'the last line of a PEM block': PEM.split('\n')[3],
  'a PEM block on one line': PEM.split('\n').slice(1, -1).join(''),
  'a bearer': 'sent Bearer abcdefghijkl0123456789',
  'an authorisation': 'Authorization: Basic abcdefghijkl0123456789',
  'a header of Binance': "headers: { 'X-MBX-APIKEY': 'abcdefghijkl0123456789' }",
  'a header of Bybit': '"X-BAPI-SIGN":"abcdefghijkl0123456789"',
  'a header of OKX': 'OK-ACCESS-PASSPHRASE: abcdefghijkl0123456789',
  'a header of KuCoin': 'KC-API-KEY=abcdefghijkl0123456789',
  'a header of Coinbase': 'CB-ACCESS-SIGN: abcdefghijkl0123456789',
  'a header of Kraken': 'API-Sign: abcdefghijkl0123456789',
  'a header of Bitget': 'ACCESS-KEY: abcdefghijkl0123456789',
  'a header of Gate': "{ KEY: 'abcdefghijkl0123456789', Timestamp: 1 }",
  'raw headers': "[ 'X-MBX-APIKEY', 'abcdefghijkl0123456789' ]",
  'a cookie': 'Set-Cookie: session=abcdefghijkl0123456789',
  'a field of a body': '{"apiKey":"abcdefghijkl0123456789","id":7}',
  'a webhook': `POST ${HOOK} failed`,
  "a webhook's path": 'POST /services/T0AB12CD3/B0EF45GH6/pQrStUvWxYz0123456789abc 404',
  "a webhook's last word": 'no such hook pQrStUvWxYz0123456789abc',
  'a webhook of Slack': 'https://hooks.slack.com/services/T1/B1/abcdefghijkl0123456789',
  'a webhook of Discord': 'https://discord.com/api/webhooks/12345/abcdefghijkl0123456789',
  'a bot of Telegram': 'https://api.telegram.org/bot123456:abcdefghijkl0123456789/sendMessage',
};

describe('every spelling of a secret is taken out', () => {
  const redact = createRedactor([AWKWARD, PEM, ...secretsOfUrl(HOOK)]);
  /** Any eight characters in a row of a secret, or of what encodes it, are too much of it. */
  function piecesOf(text: string): string[] {
    const words = [AWKWARD, 'abcdefghijkl0123456789', 'pQrStUvWxYz0123456789abc', ...PEM.split('\n').slice(1, -1)];
    const encoded = words.flatMap((word) => [word, encodeURIComponent(word), Buffer.from(word).toString('hex')]);
    return [...encoded, ...encoded.map((word) => word.slice(0, 12))].filter((word) => text.includes(word));
  }

  it.each(Object.entries(SPELLINGS))('%s', (_, text) => {
    const clean = redact(text);
    expect(clean).toContain('[redacted]');
    expect(piecesOf(clean)).toEqual([]);
    // What is left decodes to nothing of it either.
    const runs = clean.match(/[\w+/=-]{12,}/g) ?? [];
    for (const run of runs) expect(piecesOf(Buffer.from(run, 'base64').toString('latin1'))).toEqual([]);
    // And again after the log encoded it, as a whole line.
    expect(piecesOf(formatLogLine('warn', 'x', 0, { message: text }, redact))).toEqual([]);
    expect(JSON.parse(formatLogLine('warn', 'x', 0, { message: text, n: [{ text }] }, redact))).toBeTruthy();
  });

  it('a message is redacted before it is cut', () => {
    const key = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    const long = `${'z'.repeat(280)} ${key}`;
    const { message } = toExchangeError(new Error(long), null, 0, createRedactor([key]));
    expect(message).not.toContain('ABCDE');
  });

  it('is quick on text that could lead it astray', () => {
    for (const text of ['\\'.repeat(20_000), 'kE7+'.repeat(5_000), '%25'.repeat(10_000), 'Bearer '.repeat(5_000)])
      expect(redact(text).length).toBeGreaterThan(0);
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
