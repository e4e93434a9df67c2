/** `tradernet doctor`: everything that unattended failures began with, looked at before trading. */

import { statfsSync } from 'node:fs';
import { styleText } from 'node:util';
import { readHalt } from '../bot/halt-file.ts';
import { type BotSetup, createSymbols, requireSpot, requireStreamed } from '../bot/setup.ts';
import { DEFAULT_ACCOUNT } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import { ExchangeError, InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { ccxtVersion } from '../exchange/ccxt.ts';
import { writeCertificate } from '../exchange/certificate.ts';
import { type ConformanceFinding, checkConformance } from '../exchange/conformance.ts';
import type { ExchangeConnector } from '../exchange/connector.ts';
import { addDecimals } from '../exchange/decimal.ts';
import { checkOrder } from '../exchange/order-rules.ts';
import type { Venue } from '../exchange/venue.ts';
import { openBotCheckpoint, SESSION_OPTIONS } from './bot-session.ts';
import { clockFor, openVenue } from './bot-venue.ts';
import { symbolsFor } from './checkpoints.ts';
import { type Context, defineCommand, type Options, type OptionsOf } from './command.ts';
import { BOTS } from './journals.ts';
import { formatTimeframe, parseTimeframe } from './options.ts';
import { openKernels, openRunContext, openStore } from './run-context.ts';

interface Finding {
  readonly check: string;
  /** bad keeps a bot from trading safely, unknown could not be found out. */
  readonly state: 'good' | 'warning' | 'bad' | 'unknown';
  readonly text: string;
}

const GIB = 2 ** 30;
const MARKS = {
  good: ['green', 'good   '],
  warning: ['yellow', 'warning'],
  bad: ['red', 'BAD    '],
  unknown: ['yellow', 'unknown'],
} as const;

/** Turns a check that fails into a finding; a bug stays a bug. */
async function look(
  check: string,
  work: () => Promise<Omit<Finding, 'check'>> | Omit<Finding, 'check'>,
): Promise<Finding> {
  try {
    return { check, ...(await work()) };
  } catch (error) {
    if (error instanceof InputError) return { check, state: 'bad', text: error.message };
    if (error instanceof ExchangeError) return { check, state: 'unknown', text: `${error.code}: ${error.message}` };
    throw error;
  }
}

const good = (text: string) => ({ state: 'good', text }) as const;
const warning = (text: string) => ({ state: 'warning', text }) as const;
const bad = (text: string) => ({ state: 'bad', text }) as const;

const { '--journal <name>': _, ...SHARED_OPTIONS } = SESSION_OPTIONS;
const DOCTOR_OPTIONS = {
  ...SHARED_OPTIONS,
  '--certify': { doc: 'place, find, cancel and sell back the smallest orders of one symbol, and keep what was seen' },
  '--confirm <symbol>': { doc: 'the symbol again, where there is no terminal to type it' },
} satisfies Options;
type DoctorOptions = OptionsOf<typeof DOCTOR_OPTIONS>;

/** The machine's side: disk, database, kernels, halts. */
async function examineMachine(options: DoctorOptions, context: Context): Promise<Finding[]> {
  return [
    await look('node', () => good(`${process.version}`)),
    await look('disk', () => {
      const { bavail, bsize } = statfsSync(context.storage);
      const free = (bavail * bsize) / GIB;
      const text = `${free.toFixed(1)} GiB free in ${context.storage}`;
      return free < 0.5
        ? bad(`${text}; a journal that can't be written stops the bot`)
        : free < 5
          ? warning(text)
          : good(text);
    }),
    await look('kernels', async () => {
      const kernels = await openKernels(options, context);
      const text = `${kernels.name} ${kernels.isa}, multiply-add ${kernels.fused ? 'fused' : 'not fused'}`;
      kernels.dispose();
      return kernels.name === 'reference' ? warning(`${text}: correct and slow`) : good(text);
    }),
    await look('halts', () => {
      const files = new NodeFileSystem(context.storage);
      const halted = files.list(BOTS).filter((name) => readHalt(files, `${BOTS}/${name}`) !== null);
      return halted.length === 0
        ? good('no bot is halted')
        : warning(`halted: ${halted.join(', ')}; 'tradernet reset' lets one go on`);
    }),
    await look('database', () => {
      using store = openStore(context);
      const stored = store.list();
      return stored.length === 0
        ? warning("no candles stored; 'tradernet verify' has nothing to compare with")
        : good(`${stored.length} series stored`);
    }),
  ];
}

/** The venue's side: reachable, clock, keys, rights, and each symbol's filters, data and money. */
async function examineVenue(
  venue: Venue,
  hasKeys: boolean,
  symbols: readonly string[],
  timeframeMs: number,
  allocation: number,
  nowMs: () => number,
): Promise<Finding[]> {
  const { tested } = venue.capabilities;
  const findings = [
    await look('venue', async () => {
      await venue.connect();
      return tested
        ? good(`${venue.name} answers; tested by this project against a local server`)
        : warning(`${venue.name} answers; NOT tested by this project`);
    }),
    await look('clock', async () => {
      const offsetMs = await venue.measureClock();
      const text = `the venue's clock is ${Math.abs(Math.round(offsetMs))} ms ${offsetMs >= 0 ? 'ahead of' : 'behind'} ours`;
      return Math.abs(offsetMs) > 60_000
        ? bad(`${text}; set the machine's clock`)
        : Math.abs(offsetMs) > 2_000
          ? warning(text)
          : good(text);
    }),
    await look('keys', async () => {
      if (!hasKeys)
        return warning(
          `none; paper needs none, live reads TRADERNET_${venue.name.toUpperCase()}_KEY and _SECRET or --keys FILE`,
        );
      await venue.fetchBalances();
      return good('accepted by the venue');
    }),
  ];
  if (hasKeys) {
    const rights = await look('rights', async () => {
      const { trade, withdraw } = await venue.fetchKeyRights();
      const say = (right: boolean | null) => (right === null ? 'unknown' : right ? 'yes' : 'no');
      const text = `trade: ${say(trade)}, withdraw: ${say(withdraw)}`;
      if (withdraw === true) return bad(`${text}; make a key that can't withdraw`);
      if (trade === false) return bad(`${text}; the key can't trade`);
      return withdraw === null || trade === null ? { state: 'unknown', text } : good(text);
    });
    findings.push(rights);
    findings.push(
      await look('stops', () =>
        venue.capabilities.onExchangeStop
          ? good('a stop-loss can rest on the venue')
          : warning('no stop can rest on the venue; stops work only while the bot runs'),
      ),
    );
  }
  for (const symbol of symbols) findings.push(...(await examineSymbol(venue, symbol, timeframeMs, allocation, nowMs)));
  if (hasKeys) findings.push(await look('balance', () => examineBalance(venue, symbols, allocation)));
  return findings;
}

async function examineSymbol(
  venue: Venue,
  symbol: string,
  timeframeMs: number,
  allocation: number,
  nowMs: () => number,
): Promise<Finding[]> {
  return [
    await look(`${symbol} filters`, async () => {
      const market = await venue.fetchMarket(symbol, true);
      const { bid } = await venue.fetchQuote(symbol);
      const { quantityStep, minNotional, priceTick } = market;
      const text = `step ${quantityStep}, tick ${priceTick}, least order ${minNotional} ${market.quote}`;
      if (!market.active) return bad(`${text}; the venue doesn't trade it now`);
      const unit = allocation / DEFAULT_ACCOUNT.maxUnits / Number(bid);
      const step = Number(quantityStep);
      const quantity = String(Number((Math.floor(unit / step) * step).toPrecision(12)));
      const problem = checkOrder(
        { clientOrderId: 'doctor', symbol, side: 'buy', type: 'market', quantity },
        market,
        bid,
      );
      return problem === null
        ? good(text)
        : bad(`${text}; a quarter of ${allocation} ${market.quote} can't be ordered: ${problem.code}`);
    }),
    await look(`${symbol} data`, async () => {
      const endMs = Math.floor(venue.serverTimeMs() / timeframeMs) * timeframeMs;
      const candles = await venue.fetchCandles(symbol, timeframeMs, endMs - 3 * timeframeMs, endMs);
      const last = candles.at(-1);
      if (last === undefined) return bad(`no candles of ${formatTimeframe(timeframeMs)} in the last three bars`);
      const ageMs = nowMs() - last.timeMs - timeframeMs;
      const text = `newest closed candle ended ${Math.max(0, Math.round(ageMs / 1000))} s ago`;
      return ageMs > timeframeMs * 1.5 ? bad(`${text}; the data are stale`) : good(text);
    }),
  ];
}

async function examineBalance(
  venue: Venue,
  symbols: readonly string[],
  allocation: number,
): Promise<Omit<Finding, 'check'>> {
  const balances = await venue.fetchBalances();
  const quotes = new Map<string, number>();
  for (const symbol of symbols) quotes.set(symbol.split('/')[1], (quotes.get(symbol.split('/')[1]) ?? 0) + allocation);
  const lines = [...quotes].map(([quote, needed]) => {
    const held = balances.get(quote);
    const total = held === undefined ? '0' : addDecimals(held.free, held.locked);
    return { text: `${total} ${quote} there, ${needed} allocated`, short: Number(total) < needed };
  });
  const text = lines.map((line) => line.text).join('; ');
  return lines.some(({ short }) => short) ? bad(`${text}; lower bot.allocation or deposit`) : good(text);
}

/** The checkpoint's side: whole, for spot, and seeing what this version of the feature code computes. */
async function examineCheckpoint(options: DoctorOptions, context: Context) {
  const runContext = await openRunContext(options, context);
  try {
    let timeframeMs: number | null = null;
    let symbols: readonly string[] | undefined = options.symbol;
    const finding = await look('checkpoint', () => {
      const { name, hash, agent, checkpoint } = openBotCheckpoint(options.checkpoint, runContext, context);
      timeframeMs = agent.spec.timeframeMs;
      symbols = symbolsFor(checkpoint, options.symbol);
      requireSpot(name, agent);
      requireStreamed(name, agent);
      const accounts = Object.fromEntries(symbols.map((symbol) => [symbol, DEFAULT_ACCOUNT]));
      const shield = { ...context.config().shield, rules: {} };
      const rest = { supervisor: null, server: null, warmUpBars: 1, maxDataAgeMs: 1, maxDrawdown: 0 };
      const setup: BotSetup = { checkpoint: { name, hash }, accounts, markets: {}, shield, ...rest };
      createSymbols(setup, agent, null);
      return good(
        `${name} (${agent.kind}, ${hash.slice(0, 12)}) fits this version's features, ${formatTimeframe(timeframeMs)} bars`,
      );
    });
    return { finding, timeframeMs, symbols };
  } finally {
    runContext.kernels.dispose();
  }
}

/** Runs the conformance checks with real orders, or those of a test network, and keeps the outcome. */
async function certify(
  venue: ExchangeConnector,
  hasKeys: boolean,
  symbols: readonly string[],
  options: DoctorOptions,
  context: Context,
  clock: Clock,
): Promise<Finding[]> {
  const [symbol] = symbols;
  if (symbol === undefined || symbols.length > 1)
    throw new InputError('--certify tries one symbol; give it with --symbol, such as --symbol BTC/USDT');
  if (!hasKeys) throw new InputError(`--certify places orders; give keys for ${venue.name}`);
  const { sandbox } = venue.capabilities;
  if (!sandbox && options.server === undefined) {
    const question = `${venue.name}: buys and sells a little ${symbol} with real money\ntype '${symbol}' to do so: `;
    const typed = options.confirm ?? (await context.ask(question));
    if (typed?.trim() !== symbol)
      throw new InputError(`not confirmed; type the symbol, give --confirm ${symbol}, or take --sandbox`);
  }
  const tag = `c${context.clock.nowMs().toString(36).slice(-8)}`;
  const onFinding = ({ check, saw }: ConformanceFinding) => context.say(`${check}: ${saw}`);
  const findings = await checkConformance({ venue, symbol, clock, tag, onFinding });
  // A rehearsal proves nothing of the venue.
  if (options.server === undefined) {
    const what = { venue: venue.name, sandbox, symbol, ccxt: ccxtVersion(), timeMs: context.clock.nowMs() };
    const path = writeCertificate(new NodeFileSystem(context.storage), { ...what, findings });
    context.say(`kept in ${path}`);
  }
  return findings.map(({ check, ok, saw }) => ({ check: `certify: ${check}`, state: ok ? 'good' : 'bad', text: saw }));
}

export const doctor = defineCommand({
  options: DOCTOR_OPTIONS,
  examples: [
    'tradernet doctor --venue binance --symbol BTC/USDT',
    'tradernet doctor --checkpoint ppo-SYNTH-s1-1 --symbol BTC/USDT',
    'tradernet doctor --certify --sandbox --venue binance --symbol BTC/USDT',
  ],
  async run(options, context) {
    const bot = context.bot();
    const findings = await examineMachine(options, context);
    const examined = options.checkpoint === undefined ? null : await examineCheckpoint(options, context);
    if (examined !== null) findings.push(examined.finding);
    const symbols = examined?.symbols ?? options.symbol ?? [];
    const timeframeMs = examined?.timeframeMs ?? parseTimeframe(context.config().market.timeframe);
    const clock = await clockFor(options.server, context);
    const { venue, redact, hasKeys } = openVenue(bot.venue, options, context, clock);
    try {
      findings.push(
        ...(await examineVenue(venue, hasKeys, symbols, timeframeMs, bot.allocation, () => venue.serverTimeMs())),
      );
      if (options.certify) findings.push(...(await certify(venue, hasKeys, symbols, options, context, clock)));
    } finally {
      await venue.close();
    }
    const width = Math.max(...findings.map(({ check }) => check.length));
    const text = findings.map(({ check, state, text: what }) => {
      const [colour, mark] = MARKS[state];
      return `${styleText(colour, mark)}  ${check.padEnd(width)}  ${redact(what)}`;
    });
    const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length;
    const [mend, open] = [count('bad'), count('unknown')];
    const summary = [
      ...(mend > 0 ? [styleText('red', `${mend} to mend first`)] : []),
      ...(open > 0 ? [styleText('yellow', `${open} could not be found out`)] : []),
    ].join(', ');
    const json = findings.map((finding) => ({ ...finding, text: redact(finding.text) }));
    return {
      text: [...text, summary || 'nothing stands in the way'].join('\n'),
      json: json as unknown as Json,
      exitCode: mend + open === 0 ? 0 : 1,
    };
  },
});
