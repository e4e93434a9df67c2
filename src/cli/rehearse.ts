/** A local exchange that breaks on purpose: `tradernet rehearse`. */
import { styleText } from 'node:util';
import type { CandleSeries } from '../core/candle.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { synthesize } from '../market/synthetic.ts';
import { type FaultKind, faultKinds } from '../rehearsal/faults.ts';
import { REHEARSAL_KEYS } from '../rehearsal/keys.ts';
import { formatReport } from '../rehearsal/report.ts';
import { type Rehearsal, startRehearsal } from '../rehearsal/start.ts';
import { type Context, defineCommand, type Options, type OptionsOf } from './command.ts';
import { OPTIONS, parseChoice, parseInteger, parseList, parseNumber, parseTime, parseTimeframe } from './options.ts';
import { openStore } from './run-context.ts';

const VENUES = ['binance', 'bybit'] as const;
const hourMs = 3_600_000;
/** Bars of history before the rehearsal begins, where there are so many. */
const historyBars = 1_500;

function parseKinds(text: string): FaultKind[] {
  return parseList(text).map(parseChoice(Object.keys(faultKinds) as FaultKind[]));
}

/** The bots that a rehearsal can run. */
const BOTS = {
  paper: async () => (await import('./paper.ts')).paper,
  live: async () => (await import('./live.ts')).live,
};

const REHEARSAL_OPTIONS = {
  '--venue <name>': { doc: `that it plays: ${VENUES.join(' or ')}`, config: 'bot.venue' },
  '--symbol <names>': {
    parse: parseList,
    doc: 'stored symbols, several separated by commas (default: a synthetic market)',
  },
  '--candles <venue>': { doc: 'where the candles came from', config: 'market.venue' },
  ...OPTIONS.timeframe,
  ...OPTIONS.seed,
  '--from <date>': { doc: 'where in the candles it begins', parse: parseTime },
  '--hours <n>': { doc: 'how long, in the time of the candles', parse: parseNumber(0.01, 100_000), default: 24 },
  '--speed <x>': { doc: 'times as fast as life', parse: parseNumber(0.1, 3_600), default: 60 },
  '--faults <n>': { doc: 'faults a day', parse: parseInteger(0, 100_000), default: 40 },
  '--kinds <names>': { doc: `of these only: ${Object.keys(faultKinds).join(', ')}`, parse: parseKinds },
  '--balance <amount>': { doc: 'quote currency on the account', parse: parseNumber(1, 1e12), default: 10_000 },
  '--port <n>': { doc: 'on 127.0.0.1', parse: parseInteger(0, 65_535), default: 8_686 },
  '--run <command>': {
    doc: 'paper or live: runs the bot of your config against it',
    choices: ['paper', 'live'],
  },
  '--checkpoint <run>': { doc: 'for --run: the agent' },
  '--journal <name>': { doc: "for --run: the bot's name" },
} as const satisfies Options;

type RehearsalOptions = OptionsOf<typeof REHEARSAL_OPTIONS>;

async function runRehearsal(options: RehearsalOptions, context: Context) {
  const config = context.config();
  const timeframeMs = parseTimeframe(config.market.timeframe);
  const { hours } = options;
  const series = readSeries(options.symbol, config.market.venue, timeframeMs, hours, config.seed, context);
  const firstMs = Math.max(...series.map((one) => one.timeMs[0]));
  const lastMs = Math.min(...series.map((one) => one.timeMs[one.length - 1])) + timeframeMs;
  const startMs =
    options.from ?? Math.min(firstMs + historyBars * timeframeMs, Math.max(firstMs, lastMs - hours * hourMs));
  const endMs = Math.min(lastMs, startMs + hours * hourMs);
  if (!(startMs >= firstMs && endMs > startMs)) {
    throw new InputError(
      `--from ${new Date(startMs).toISOString()} lies outside of the candles; 'tradernet data list' shows what there is`,
    );
  }
  const venue = context.bot().venue;
  if (!VENUES.includes(venue as (typeof VENUES)[number]))
    throw new InputError(`the rehearsal speaks ${VENUES.join(' and ')}; choose one with --venue`);
  const rehearsal = await startRehearsal({
    ...{ series, real: context.clock, startMs, endMs, keys: REHEARSAL_KEYS, seed: config.seed },
    ...{ speed: options.speed, port: options.port, quoteBalance: String(options.balance) },
    faults: Math.round(options.faults * ((endMs - startMs) / (24 * hourMs))),
    ...(options.kinds === undefined ? {} : { faultKinds: options.kinds }),
    ...{ feeRate: String(config.account.feeRate), feeIn: 'received' },
  });
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  try {
    announce(rehearsal, venue, endMs, context);
    const bot = options.run === undefined ? null : runBot(options.run, options, rehearsal, { ...context, signal });
    const over = rehearsal.clock.sleep(endMs - startMs, signal).catch(() => {});
    const telling = tell(rehearsal, signal, context);
    const outcome = await Promise.race([over, bot ?? over]);
    stop.abort(new Error('the rehearsal is over'));
    await telling;
    const said = (await bot)?.text ?? (typeof outcome === 'object' ? outcome.text : undefined);
    const report = rehearsal.server.report();
    const text = said === undefined ? formatReport(report) : `${said}\n\n${formatReport(report)}`;
    return { text, json: report as unknown as Json, exitCode: report.duplicates.length === 0 ? 0 : 1 };
  } finally {
    stop.abort();
    await rehearsal.server.stop();
  }
}

/** Stored candles of the symbols, or a synthetic market where none are named. */
function readSeries(
  symbols: readonly string[] | undefined,
  venue: string,
  timeframeMs: number,
  hours: number,
  seed: number,
  context: Context,
): CandleSeries[] {
  if (symbols === undefined) {
    const bars = historyBars + Math.ceil((hours * hourMs) / timeframeMs);
    return [synthesize({ bars, seed, symbol: 'SYNTH/USDT', timeframeMs, trends: false }).series];
  }
  using store = openStore(context);
  return symbols.map((symbol) => store.load(venue, symbol, timeframeMs));
}

function announce({ url, clock, symbols }: Rehearsal, venue: string, endMs: number, context: Context): void {
  for (const line of [
    `${styleText('bold', url)} speaks ${VENUES.join(' and ')}; ${symbols.join(', ')}; ${clock.speed} times as fast as life`,
    `from ${new Date(clock.startMs).toISOString()} to ${new Date(endMs).toISOString()}, about ${Math.ceil((endMs - clock.startMs) / clock.speed / 60_000)} min`,
    'Point a bot at it, in another terminal:',
    `  tradernet paper --checkpoint RUN --symbol ${symbols.join(',')} --venue ${venue} --server ${url}`,
    'It gets made-up keys, never yours, and no real venue is contacted. Ctrl-C ends it with a report.',
  ])
    context.say(line);
}

/** Prints every injection as it happens. */
async function tell({ server, clock }: Rehearsal, signal: AbortSignal, context: Context): Promise<void> {
  for (let told = 0; ; ) {
    const { injections } = server.faults;
    for (; told < injections.length; told++) {
      const { timeMs, kind, where } = injections[told];
      context.say(
        `${new Date(timeMs).toISOString().slice(5, 19).replace('T', ' ')}  ${styleText('yellow', kind)}  ${where}`,
      );
    }
    if (signal.aborted) return;
    context.progress(
      `${new Date(clock.nowMs()).toISOString().slice(0, 16).replace('T', ' ')}  ${server.report().orders.length} orders, ${injections.length} faults`,
    );
    await context.clock.sleep(250, signal).catch(() => {});
  }
}

/** The user's own bot, with nothing changed but the venue's address and the keys. */
async function runBot(
  kind: keyof typeof BOTS,
  { checkpoint, journal }: RehearsalOptions,
  { url, symbols }: Rehearsal,
  context: Context,
) {
  const bot = await BOTS[kind]();
  const none = { venue: undefined, shield: undefined, supervisor: undefined, keys: undefined } as const;
  const unasked = { confirm: undefined, override: undefined, overrideConfirm: undefined } as const;
  const kernels = { kernels: undefined, threads: undefined } as const;
  // No order is real here, and an agent that may not act would rehearse nothing.
  const given = {
    checkpoint,
    journal,
    symbol: symbols,
    server: url,
    sandbox: false,
    force: true,
    ...none,
    ...unasked,
    ...kernels,
  };
  return bot.run(given, context, []);
}

export const rehearse = defineCommand({
  options: REHEARSAL_OPTIONS,
  examples: [
    'tradernet rehearse --timeframe 1m --hours 1 --speed 60',
    'tradernet rehearse --run paper --checkpoint ppo-SYNTH-s1-1 --hours 24 --speed 1440',
  ],
  run: runRehearsal,
});
