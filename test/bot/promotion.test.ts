import { describe, expect, it } from 'vitest';
import { edgeVerdict } from '../../src/bot/promotion/edge-verdict.ts';
import { checkPromotion, FIRM } from '../../src/bot/promotion/index.ts';
import { paperDays } from '../../src/bot/promotion/paper-days.ts';
import { requireOneQuote } from '../../src/bot/setup.ts';
import { certificateProblem, readCertificate, writeCertificate } from '../../src/exchange/certificate.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';

const HOUR_MS = 3_600_000;
const hours = (from: number, count: number) => Array.from({ length: count }, (_, i) => (from + i) * HOUR_MS);
const missing = (...journals: (readonly number[])[]) =>
  paperDays.check({
    mode: 'spot',
    ...{ venue: 'binance', venueTested: true, certificateProblem: null },
    symbols: ['BTC/USDT'],
    paper: journals.map((bars) => ({ fresh: new Map([['BTC/USDT', bars]]), differences: 0 })),
    timeframeMs: HOUR_MS,
    ...{ evaluations: [], takerFees: new Map(), maxDrawdown: 0.2, requiredPaperDays: 7 },
  });

describe('days on paper', () => {
  it('are those of the bars that were decided in time', () => {
    expect(missing(hours(0, 7 * 24))).toBeNull();
    expect(missing(hours(0, 4 * 24), hours(1000, 3 * 24))).toBeNull();
    expect(missing()).toContain('0.0 verified days');
  });

  it("don't come from two starts a week apart", () => {
    expect(missing([...hours(0, 1), ...hours(7 * 24, 1)])).toContain('0.1 verified days');
  });

  it("don't come from seven bots side by side", () => {
    expect(missing(...Array.from({ length: 7 }, () => hours(0, 24)))).toContain('1.0 verified days');
  });
});

describe('the verdict on a checkpoint', () => {
  const check = (...evaluations: (readonly [symbol: string, verdict: string, feeRate: number, differs?: string])[]) =>
    edgeVerdict.check({
      mode: 'spot',
      ...{ venue: 'binance', venueTested: true, certificateProblem: null },
      symbols: ['BTC/USDT', 'ETH/USDT'],
      paper: [],
      timeframeMs: HOUR_MS,
      evaluations: evaluations.map(([symbol, verdict, feeRate, differs]) => ({
        ...{ symbol, verdict, feeRate, reason: 'because', window: '2024-01-01 to 2024-07-01' },
        differs: differs === undefined ? [] : [differs],
      })),
      takerFees: new Map([['BTC/USDT', 0.001]]),
      ...{ maxDrawdown: 0.2, requiredPaperDays: 7 },
    });
  const eth = ['ETH/USDT', 'edge', 0.0005] as const;

  it('is asked for on each symbol', () => {
    expect(check(['BTC/USDT', 'edge', 0.001], eth)).toBeNull();
    expect(check(['BTC/USDT', 'edge', 0.001])).toContain('ETH/USDT was never evaluated');
    expect(check(['BTC/USDT', 'no evidence of an edge', 0.001], eth)).toContain(
      "BTC/USDT: judged again, its verdict is 'no evidence of an edge' on 2024-01-01 to 2024-07-01 (because)",
    );
  });

  it('is that of the shield, supervisor and account that it is to trade with', () => {
    for (const what of ['shield', 'supervisor', 'account'])
      expect(check(['BTC/USDT', 'edge', 0.001, what], eth)).toContain(`as it is to trade: another ${what} on 2024`);
    expect(check(['BTC/USDT', 'edge', 0.001, 'shield'], ['BTC/USDT', 'edge', 0.001], eth)).toBeNull();
  });

  it("is no proof at fees below the venue's", () => {
    expect(check(['BTC/USDT', 'edge', 0], eth)).toContain('the venue takes 0.001');
    expect(check(['BTC/USDT', 'edge', 0.002], eth)).toBeNull();
  });
});

describe('the venue', () => {
  const missing = (venueTested: boolean, certificateProblem: string | null) =>
    checkPromotion({
      ...{
        mode: 'spot',
        venue: 'kraken',
        symbols: [],
        venueTested,
        certificateProblem,
        paper: [],
        timeframeMs: HOUR_MS,
      },
      ...{ evaluations: [], takerFees: new Map(), maxDrawdown: 0.2, requiredPaperDays: 0 },
    })
      .map(({ condition }) => condition)
      .filter((name) => /venue/.test(name));

  it('that nobody tried is refused, and no override lifts that', () => {
    expect(missing(false, 'there is none')).toEqual(['proven-venue', 'venue-certificate']);
    expect(FIRM.has('proven-venue')).toBe(true);
  });

  it('that the tests cover is asked for a certificate all the same', () => {
    expect(missing(true, 'it is 100 days old')).toEqual(['venue-certificate']);
    expect(missing(false, null)).toEqual([]);
  });
});

describe('a certificate', () => {
  const certificate = {
    ...{ venue: 'kraken', sandbox: false, symbol: 'BTC/USD', ccxt: '4.5.84', timeMs: 1_700_000_000_000 },
    findings: [{ check: 'clock', ok: true, saw: 'right' }],
  };
  const nowMs = certificate.timeMs + 86_400_000;

  it('holds for its version, for 90 days, and where every check passed', () => {
    expect(certificateProblem(certificate, '4.5.84', nowMs)).toBeNull();
    expect(certificateProblem(null, '4.5.84', nowMs)).toBe('there is none');
    expect(certificateProblem(certificate, '4.5.85', nowMs)).toMatch(/for ccxt 4.5.84/);
    expect(certificateProblem(certificate, '4.5.84', nowMs + 90 * 86_400_000)).toBe('it is 91 days old');
    const failed = { ...certificate, findings: [{ check: 'a resting stop', ok: false, saw: 'it is not open' }] };
    expect(certificateProblem(failed, '4.5.84', nowMs)).toBe('it failed at a resting stop: it is not open');
  });

  it('is kept, real and test network apart, and read back, the newest first', () => {
    const files = new MemoryFileSystem();
    expect(readCertificate(files, 'kraken')).toBeNull();
    writeCertificate(files, certificate);
    writeCertificate(files, { ...certificate, sandbox: true, timeMs: nowMs });
    expect(readCertificate(files, 'kraken')).toMatchObject({ sandbox: true, timeMs: nowMs });
    files.write('certificates/kraken.json', new TextEncoder().encode('{'));
    files.write('certificates/kraken-sandbox.json', new TextEncoder().encode('{}'));
    expect(readCertificate(files, 'kraken')).toBeNull();
  });
});

it('symbols of several quote currencies are refused', () => {
  expect(() => requireOneQuote(['BTC/USDT', 'ETH/USDT'])).not.toThrow();
  expect(() => requireOneQuote(['BTC/USDT', 'ETH/BTC'])).toThrow('USDT and BTC; run a bot for each');
});
