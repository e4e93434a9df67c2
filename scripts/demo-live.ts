/**
 * `npm run demo:live`: an hour of trading in a minute, with no keys and no network. A rehearsal venue on 127.0.0.1
 * replays a synthetic market sixty times as fast as life and breaks on purpose; a paper bot trades on it through ccxt,
 * as it would on Binance. At the end the journal is replayed: live equalled training, or the demo fails.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, styleText } from 'node:util';
import { Bot } from '../src/bot/bot.ts';
import { JOURNAL_FILE } from '../src/bot/bot-journal.ts';
import type { BotEntry } from '../src/bot/entries.ts';
import type { SymbolSetup } from '../src/bot/options.ts';
import { readEntries } from '../src/bot/read-entries.ts';
import { verifyJournal } from '../src/bot/verify.ts';
import { DEFAULT_ACCOUNT } from '../src/core/account.ts';
import { ACTION_NAMES, type Action, BUY, HOLD, SELL } from '../src/core/action.ts';
import type { Agent, Observation } from '../src/core/agent.ts';
import { type Candle, candleAt } from '../src/core/candle.ts';
import { NodeFileSystem } from '../src/disk/node-file-system.ts';
import { ExchangeConnector } from '../src/exchange/connector.ts';
import { RealTimeFeatureEng } from '../src/features/realtime.ts';
import { fitScaler } from '../src/features/scaler.ts';
import { featureSet } from '../src/features/sets.ts';
import { computeFeatures } from '../src/features/table.ts';
import { readRecords } from '../src/journal/record-log.ts';
import { synthesize } from '../src/market/synthetic.ts';
import { AcceleratedClock } from '../src/rehearsal/accelerated-clock.ts';
import { drawFaults, FaultBook } from '../src/rehearsal/faults.ts';
import { MatchingEngine } from '../src/rehearsal/matching.ts';
import { PricePath } from '../src/rehearsal/price-path.ts';
import { RehearsalServer } from '../src/rehearsal/server.ts';
import { createShield } from '../src/shield/index.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    speed: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const minutes = Number(values.minutes);
const speed = Number(values.speed);
const seed = Number(values.seed);
const minuteMs = 60_000;
const symbol = 'BTC/USDT';
const history = 300;
const market = {
  ...{ symbol, base: 'BTC', quote: 'USDT', active: true, priceTick: '0.01', quantityStep: '0.00001' },
  ...{ minQuantity: '0.00001', maxQuantity: '9000', maxMarketQuantity: '100', minNotional: '5', takerFeeRate: '0.001' },
};

// A market whose last hour has not happened yet.
const startMs = Math.floor(Date.now() / minuteMs) * minuteMs;
const { series } = synthesize({
  seed,
  bars: history + minutes + 10,
  timeframeMs: minuteMs,
  startMs: startMs - history * minuteMs,
});
const cents = (price: number) => Math.round(price * 100) / 100;
const candles: Candle[] = Array.from({ length: series.length }, (_, i) => {
  const { open, high, low, close, ...rest } = candleAt(series, i);
  return {
    ...rest,
    open: cents(open),
    high: cents(high),
    low: cents(low),
    close: cents(close),
    trades: Number.NaN,
    trends: Number.NaN,
  };
});

const real = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal ? { signal } : {}),
};
const clock = new AcceleratedClock(real, startMs + 1_000, speed);
const paths = new Map([[symbol, new PricePath(candles, minuteMs, market.priceTick)]]);
const engine = new MatchingEngine({
  ...{ markets: [market], paths, balances: { USDT: '20000' }, feeRate: '0.001' },
  ...{ feeIn: 'received', halfSpreadTicks: 1 },
});
const kinds = [
  'stream-drop',
  'lost-final',
  'duplicate-updates',
  'reordered-updates',
  'garbage-updates',
  'server-error',
  'mute-stream',
] as const;
const faults = new FaultBook(
  drawFaults(seed, {
    startMs: startMs + 3 * minuteMs,
    endMs: startMs + (minutes - 5) * minuteMs,
    count: Math.ceil(minutes / 6),
    longestMs: 90_000,
    kinds,
  }),
);
// Made up on the spot; the rehearsal venue checks them as a real one would.
const keys = { key: 'demo-key', secret: 'demo-secret' };
const server = new RehearsalServer({ clock, engine, paths, keys, faults, speed });
const url = await server.start();

/** Follows the trend of the last bars: no training needed, and nothing to be learned from it. */
function decide({ values, mask }: Observation) {
  const width = features.width;
  const column = features.columns.indexOf('close_log_returns');
  let trend = 0;
  for (let at = values.length - 4 * width + column; at < values.length; at += width) trend += values[at];
  const wish: Action = trend > 1 ? BUY : trend < -0.5 ? SELL : HOLD;
  return { action: mask[wish] === 1 ? wish : HOLD, probabilities: null, qValues: null };
}
const agent: Agent = { kind: 'trend-follower', decide, getAction: (obs) => decide(obs).action };

const set = featureSet('tradernet19');
const scaler = fitScaler(computeFeatures(series, set), 0, history - 10, 'standardise');
const createFeatures = () => new RealTimeFeatureEng(set, scaler, minuteMs);
let features = createFeatures();
const createSymbol = (): SymbolSetup => ({
  symbol,
  account: { ...DEFAULT_ACCOUNT, quantityStep: Number(market.quantityStep) },
  market,
  features,
  agent,
  shield: createShield({ profile: 'balanced', primary: agent }),
});

const folder = mkdtempSync(join(tmpdir(), 'tradernet-demo-'));
const files = new NodeFileSystem(folder);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('stopped by Ctrl-C')));
const say = (text: string) => process.stdout.write(`${text}\n`);
let injected = 0;

function show(entry: BotEntry): void {
  for (; injected < faults.injections.length; injected++)
    say(styleText('yellow', `             the venue breaks: ${faults.injections[injected].kind}`));
  if (entry.type === 'gap' || entry.type === 'halt') say(styleText('red', JSON.stringify(entry)));
  if (entry.type !== 'decision') return;
  const { candle, shield, units, equity, action, runtime } = entry.record;
  const final = ACTION_NAMES[shield.final].padEnd(4);
  const coloured = styleText(shield.final === BUY ? 'green' : shield.final === SELL ? 'red' : 'dim', final);
  const rule = shield.verdicts.find(({ verdict }) => verdict.kind !== 'allow')?.rule;
  const vetoed =
    action === shield.final ? '' : styleText('dim', ` (asked ${ACTION_NAMES[action]}, the shield's ${rule} said no)`);
  const time = new Date(candle[0]).toISOString().slice(11, 16);
  const late =
    runtime.dataAgeMs > 7_000
      ? styleText('dim', ` repaired by REST after ${(runtime.dataAgeMs / 1000).toFixed(1)} s`)
      : '';
  say(
    `${time}  close ${candle[4].toFixed(2).padStart(9)}  ${coloured}  ${'▮'.repeat(units).padEnd(4, '▯')}  equity ${equity.toFixed(2)}${vetoed}${late}`,
  );
}

say(
  `a rehearsal venue at ${url}, ${minutes} minutes of ${symbol} in ${((minutes * 60) / speed).toFixed(0)} s; a paper bot through ccxt`,
);
const venue = new ExchangeConnector({ venue: 'binance', clock, keys, localUrl: url, orderWindowMs: 600_000 });
try {
  const bot = new Bot({
    ...{
      kind: 'paper',
      venue,
      clock,
      elapsedMs: () => performance.now(),
      files,
      folder: 'bots/demo',
      id: 'demo0000',
      runId: 'run0',
    },
    ...{
      timeframeMs: minuteMs,
      symbols: [createSymbol()],
      setup: {},
      warmUpBars: 250,
      maxDrawdown: 0.2,
      maxDataAgeMs: minuteMs / 2,
      graceMs: 7_500,
    },
    onEntry: show,
  });
  const timer = real.sleep((minutes * minuteMs) / speed, stop.signal).then(
    () => stop.abort(new Error('the hour is over')),
    () => {},
  );
  await bot.run(stop.signal);
  await timer;
  const { account, decisions } = {
    ...bot.traders[0].broker,
    account: bot.traders[0].broker.account,
    decisions: bot.traders[0].decisions,
  };
  say('');
  say(
    `${decisions} decisions, ${account.closedTrades} trades, fees ${account.feesPaid.toFixed(2)}, equity ${account.equity.toFixed(2)} of ${account.config.startingEquity}`,
  );
  say(
    `${faults.injections.length} faults injected: ${[...new Set(faults.injections.map(({ kind }) => kind))].join(', ')}`,
  );
  features = createFeatures();
  const entries = readEntries(readRecords(files.read(`bots/demo/${JOURNAL_FILE}`)).records, 'demo');
  const { differences } = await verifyJournal({
    name: 'demo',
    entries,
    symbols: [createSymbol()],
    history: null,
    maxDataAgeMs: minuteMs / 2,
  });
  const exact = candles.every((candle) => {
    const entry = entries.find((one) => one.type === 'decision' && one.record.candle[0] === candle.timeMs);
    return (
      entry === undefined || (entry as never as { record: { candle: number[] } }).record.candle[4] === candle.close
    );
  });
  const good = differences.length === 0 && exact && decisions >= minutes - 5;
  say(
    good
      ? styleText('green', 'journal replayed: every candle exact, every decision the same to the last bit')
      : styleText('red', `NOT the same: ${JSON.stringify(differences)}, ${decisions} decisions`),
  );
  process.exitCode = good ? 0 : 1;
} finally {
  await venue.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
