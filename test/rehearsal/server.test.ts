import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { rehearse } from '../../src/cli/rehearse.ts';
import { InputError } from '../../src/core/errors.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import type { Fault, FaultKind } from '../../src/rehearsal/faults.ts';
import { formatReport } from '../../src/rehearsal/report.ts';
import { marketFor, startRehearsal } from '../../src/rehearsal/start.ts';
import { callCommand } from '../cli/call-command.ts';
import { keys, type LocalVenue, localVenue, realClock } from '../exchange/local-venue.ts';
import { hourMs } from './world.ts';

const open: LocalVenue[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((venue) => venue.close()));
});
async function local(...given: Parameters<typeof localVenue>) {
  const made = await localVenue(...given);
  open.push(made);
  return made;
}

const fault = (kind: FaultKind, amountMs = 7_000): Fault => ({
  kind,
  fromMs: 0,
  untilMs: Number.POSITIVE_INFINITY,
  amountMs,
});

/** A signed GET as Binance wants it, with room for mistakes. */
async function ask(
  url: string,
  clock: { nowMs(): number },
  mistake: { key?: string; secret?: string; lateMs?: number; unsigned?: boolean } = {},
) {
  const query = `timestamp=${Math.floor(clock.nowMs()) - (mistake.lateMs ?? 0)}&recvWindow=5000`;
  const signature = createHmac('sha256', mistake.secret ?? keys.secret)
    .update(query)
    .digest('hex');
  const address = `${url}/api/v3/account?${query}${mistake.unsigned ? '' : `&signature=${signature}`}`;
  const answer = await fetch(address, { headers: { 'X-MBX-APIKEY': mistake.key ?? keys.key } });
  return { status: answer.status, body: (await answer.json()) as { code?: number; balances?: unknown[] } };
}

describe('RehearsalServer', () => {
  it('checks key, signature and timestamp', async () => {
    const { url, clock } = await local('binance');
    expect((await ask(url, clock)).body.balances).toHaveLength(2);
    expect(await ask(url, clock, { key: 'other' })).toMatchObject({ status: 401, body: { code: -2015 } });
    expect(await ask(url, clock, { secret: 'other' })).toMatchObject({ status: 400, body: { code: -1022 } });
    expect(await ask(url, clock, { unsigned: true })).toMatchObject({ status: 400, body: { code: -1022 } });
    expect(await ask(url, clock, { lateMs: 6_000 })).toMatchObject({ status: 400, body: { code: -1021 } });
    expect(await ask(url, clock, { lateMs: -6_000 })).toMatchObject({ status: 400, body: { code: -1021 } });
  });

  it.each([
    ['rate-limit', 429, '7'],
    ['ban', 418, '7'],
    ['maintenance', 503, null],
    ['server-error', 502, null],
    ['garbage', 200, null],
  ] as const)('%s answers %i with Retry-After %s', async (kind, status, retryAfter) => {
    const { url, server } = await local('binance', { faults: [fault(kind)] });
    const answer = await fetch(`${url}/api/v3/ping`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
    expect(server.report().injections.map((injection) => injection.kind)).toEqual([kind]);
  });

  it('tells its clock and its report, and no key in either', async () => {
    const { url, connector, server } = await local('bybit', { speed: 60 });
    await connector.createOrder({
      clientOrderId: 'tn-1',
      symbol: 'BTC/USDT',
      side: 'buy',
      type: 'market',
      quantity: '0.01',
    });
    const clock = await (await fetch(`${url}/rehearsal/clock`)).json();
    expect(clock).toMatchObject({ speed: 60 });
    const text = await (await fetch(`${url}/rehearsal/report`)).text();
    expect(JSON.parse(text)).toMatchObject({
      orders: [{ clientOrderId: 'tn-1', status: 'filled' }],
      duplicates: [],
      fills: 1,
    });
    const readable = formatReport(server.report());
    expect(readable).toContain('no order was placed twice');
    for (const word of Object.values(keys)) expect(text + readable).not.toContain(word);
  });

  it('says what it does not speak, and survives nonsense', async () => {
    const { url } = await local('binance');
    for (const path of [
      '/',
      '/api/v3/nothing',
      '/v5/market/nothing',
      '/api/v3/klines',
      '/v5/market/kline?symbol=X',
      '/api/v3/klines?symbol=BTCUSDT&interval=7m',
    ]) {
      const answer = await fetch(url + path);
      expect(answer.status === 404 || answer.status === 400 || path.startsWith('/v5/')).toBe(true);
    }
    for (const body of ['{', 'a=b&&&=', '\u0000', '[]', '{"qty":{}}']) {
      expect((await fetch(`${url}/v5/order/create`, { method: 'POST', body })).status).toBe(200);
      expect((await fetch(`${url}/api/v3/order`, { method: 'POST', body })).status).toBe(401);
    }
    expect((await fetch(`${url}/api/v3/ping`)).status).toBe(200);
  });

  it('names an order that was placed twice', async () => {
    const { server, engine, clock } = await local('binance');
    const request = {
      clientOrderId: 'tn-1',
      symbol: 'BTC/USDT',
      side: 'buy',
      type: 'market',
      quantity: '0.01',
    } as const;
    engine.place(request, clock.nowMs());
    engine.place(request, clock.nowMs());
    expect(formatReport(server.report())).toContain('PLACED TWICE: tn-1');
  });
});

describe('startRehearsal', () => {
  it('serves the candles of a series to the last digit', async () => {
    const { series } = synthesize({ bars: 60, seed: 3, symbol: 'SYNTH', trends: false });
    const setup = {
      series: [series],
      real: realClock,
      startMs: series.timeMs[50],
      endMs: series.timeMs[59],
      speed: 1,
      seed: 1,
      faults: 0,
      keys,
      quoteBalance: '500',
      feeRate: '0.001',
      feeIn: 'received' as const,
    };
    const { server, url, symbols } = await startRehearsal(setup);
    expect(symbols).toEqual(['SYNTH/USDT']);
    const rows = (await (
      await fetch(`${url}/api/v3/klines?symbol=SYNTHUSDT&interval=1h&startTime=0`)
    ).json()) as unknown[][];
    expect(rows).toHaveLength(51);
    for (let i = 0; i < 50; i++) {
      expect(rows[i].slice(0, 6).map(Number)).toEqual([
        series.timeMs[i],
        series.open[i],
        series.high[i],
        series.low[i],
        series.close[i],
        series.volume[i],
      ]);
      expect(rows[i][8]).toBe(series.trades![i]);
    }
    await server.stop();
    await expect(startRehearsal({ ...setup, startMs: series.timeMs[0] - hourMs })).rejects.toThrow(InputError);
  });

  it.each([
    [30_000, '0.01', '0.00001'],
    [1.5, '0.000001', '0.1'],
    [0.00012, '0.00000001', '1000'],
  ])('makes up filters for a price of %f', (price, priceTick, quantityStep) => {
    expect(marketFor('X/USDT', price)).toMatchObject({ base: 'X', quote: 'USDT', priceTick, quantityStep });
  });
});

describe('tradernet rehearse', () => {
  it('runs its course and reports', async () => {
    const said: string[] = [];
    const context = {
      ...{
        storage: '/nowhere',
        cwd: '/',
        env: {},
        json: false,
        signal: new AbortController().signal,
        clock: realClock,
      },
      ...{ progress: () => {}, say: (line: string) => said.push(line), print: () => {}, ask: async () => null },
      config: () =>
        ({ market: { timeframe: '1m', venue: 'synthetic' }, seed: 1, account: { feeRate: 0.001 } }) as never,
      bot: () => ({ venue: 'binance' }) as never,
    };
    const options = { hours: 0.05, speed: 360, faults: 0, port: 0, balance: 10_000 };
    const output = await callCommand(rehearse, options, context as never);
    expect(output.text).toContain('no order was placed twice');
    expect(output.exitCode).toBe(0);
    expect(said.join('\n')).toMatch(/http:\/\/127\.0\.0\.1:\d+ speaks binance and bybit/);
    await expect(callCommand(rehearse, { ...options, from: 5 }, context as never)).rejects.toThrow(InputError);
    await expect(
      callCommand(rehearse, options, { ...context, bot: () => ({ venue: 'kraken' }) } as never),
    ).rejects.toThrow('binance and bybit');
  });
});
