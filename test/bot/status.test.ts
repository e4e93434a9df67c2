/** What /health and /metrics say, counted again from the venue and the entries. */
import { expect, it } from 'vitest';
import type { DecisionEntry } from '../../src/bot/entries.ts';
import { summariseEntry } from '../../src/bot/log-line.ts';
import { BotStatus } from '../../src/bot/status.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { createWorld, minuteMs, WARM_UP } from './bot-world.ts';

async function day(haltMs?: number) {
  const world = createWorld({ bases: ['BTC', 'ETH'], bars: WARM_UP + 20, seed: 4 });
  const clock = world.createClock(world.firstMs);
  const { bot, entries, failure } = await world.live(
    new MemoryFileSystem(),
    clock,
    world.endMs,
    world.createVenue(clock),
    haltMs,
  );
  expect(failure).toBeNull();
  const status = new BotStatus(bot!, () => clock.nowMs());
  for (const entry of entries) status.count(entry);
  const lines = () => status.metrics().split('\n');
  return { world, clock, bot: bot!, entries, status, lines };
}

it('counts what happened, of every symbol', async () => {
  const { lines, entries, world, bot, status } = await day();
  const count = (type: string) => entries.filter((entry) => entry.type === type).length;
  expect(count('fill')).toBeGreaterThan(5);
  for (const type of new Set(entries.map((entry) => entry.type)))
    expect(lines()).toContain(`tradernet_entries_total{type="${type}"} ${count(type)}`);
  const actions = lines().filter((line) => line.startsWith('tradernet_actions_total'));
  expect(actions.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)).toBe(count('decision'));
  const buys = entries.filter(
    (one) => one.type === 'decision' && one.symbol === 'BTC/USDT' && one.record.shield.final === 1,
  );
  expect(lines()).toContain(`tradernet_actions_total{symbol="BTC/USDT",action="BUY"} ${buys.length}`);
  const last = entries.findLast((entry) => entry.type === 'decision' && entry.symbol === 'ETH/USDT');
  const lastMs = (last as DecisionEntry).record.candle[0];
  for (const [index, base] of ['BTC', 'ETH'].entries()) {
    const { account } = bot.traders[index].broker;
    const held =
      Number(world.engine.balances().get(base)!.free) + Number(world.engine.balances().get(base)!.locked) - 0.5;
    expect(account.position).toBeCloseTo(held, 8);
    expect(lines()).toContain(`tradernet_position_base{symbol="${base}/USDT"} ${account.position}`);
    expect(lines()).toContain(`tradernet_equity_quote{symbol="${base}/USDT"} ${account.equity}`);
    expect(lines()).toContain(`tradernet_unresolved{symbol="${base}/USDT"} 0`);
    expect(lines()).toContain(`tradernet_last_bar_seconds{symbol="${base}/USDT"} ${lastMs / 1000}`);
  }
  expect(lines()).toContain('tradernet_up 1');
  expect(lines()).toContain('tradernet_halted 0');
  expect(lines()).toContain(`tradernet_portfolio_drawdown ${bot.portfolio.drawdown}`);
  // Prometheus wants a type before the first line of each metric, and a number on every other line.
  const types = lines().filter((line) => line.startsWith('#'));
  expect(types.every((line) => /^# TYPE tradernet_\w+ (gauge|histogram)$/.test(line))).toBe(true);
  expect(types).toHaveLength(9);
  for (const line of lines().filter((one) => one !== '' && !one.startsWith('#')))
    expect(line).toMatch(/^tradernet_\w+(\{\w+="[^"]+"(,\w+="[^"]+")?\})? -?[\d.e+-]+$/);
  status.decide.add(3);
  status.sync.add(700);
  expect(lines()).toContain('tradernet_decide_milliseconds_bucket{le="5"} 1');
  expect(lines()).toContain('tradernet_decide_milliseconds_bucket{le="2.5"} 0');
  expect(lines()).toContain('tradernet_journal_sync_milliseconds_bucket{le="250"} 0');
  expect(lines()).toContain('tradernet_journal_sync_milliseconds_sum 700');
});

it('is healthy until no decision comes, or until it is halted', async () => {
  const { clock, status, bot } = await day();
  const read = () => ({ healthy: status.health().healthy, ...JSON.parse(status.health().text) });
  const began = read();
  expect(began).toMatchObject({ healthy: true, halted: null, uptimeMs: 0, journalHead: bot.journalHead });
  expect(began.symbols.map((one: { symbol: string }) => one.symbol)).toEqual(['BTC/USDT', 'ETH/USDT']);
  expect(began.symbols[0]).toMatchObject({ stale: false, unresolved: null, paused: false });
  await clock.advanceTo(clock.nowMs() + 5 * minuteMs);
  const later = read();
  expect(later).toMatchObject({ healthy: false, uptimeMs: 5 * minuteMs });
  expect(later.symbols.every((one: { stale: boolean }) => one.stale)).toBe(true);
  const halted = await day(createWorld().firstMs + 8 * minuteMs);
  expect(halted.status.health().healthy).toBe(false);
  expect(JSON.parse(halted.status.health().text).halted).toBe('a person said so');
  expect(halted.lines()).toContain('tradernet_halted 1');
});

it('a log line tells of a decision what one follows it by', async () => {
  const { entries } = await day();
  const decision = entries.find((one) => one.type === 'decision')!;
  const { record } = decision as Extract<typeof decision, { type: 'decision' }>;
  expect(summariseEntry(decision)).toEqual({
    ...{ symbol: 'BTC/USDT', barMs: record.candle[0], close: record.candle[4], action: record.action },
    ...{ final: record.shield.final, state: record.shield.state, order: record.order, equity: record.equity },
    ...{ dataAgeMs: record.runtime.dataAgeMs, unresolved: record.runtime.unresolved },
  });
  const warmUp = entries.find((one) => one.type === 'warm-up')!;
  expect(summariseEntry(warmUp)).toEqual({ symbol: 'BTC/USDT', candles: WARM_UP - 2 });
  const fill = entries.find((one) => one.type === 'fill')!;
  const { type: _, timeMs: __, ...rest } = fill;
  expect(summariseEntry(fill)).toEqual(rest);
});
