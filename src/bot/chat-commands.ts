/**
 * What a person asks of a running bot in a chat: /status, /positions, /profit, and orders that can only lower risk:
 * /halt, /close, /pause. Nothing that a chat says opens anything, lets a halted bot go on or raises a limit.
 */
import type { Bot } from './bot.ts';
import type { CommandRequest } from './requests.ts';

export interface ChatMessage {
  readonly text: string;
  readonly by: string;
  readonly timeMs: number;
}

/** An order that waited longer was meant for another moment. */
const STALE_MS = 5 * 60_000;

const HELP = [
  '/status  is all well',
  '/positions  what is held',
  '/profit  what came of it',
  '/pause [SYMBOL]  open nothing',
  '/close [SYMBOL]  sell now; it may buy again',
  '/halt [REASON]  sell everything and stay out, until a person resets at the machine',
].join('\n');

type Answer = (bot: Bot, words: readonly string[], message: ChatMessage, id: string) => string | Promise<string>;

const ORDERS: Readonly<Record<string, Answer>> = {
  '/halt': (bot, words, { by }) => {
    const before = bot.halted;
    if (before !== null) return `is halted already: ${before}`;
    bot.halt(by, words.join(' ') || 'a person said so');
    return "halted; everything is being closed. 'tradernet reset' at the machine lets it trade again";
  },
  '/close': (bot, words, message, id) => order(bot, 'close', words, message, id),
  '/pause': (bot, words, message, id) => order(bot, 'pause', words, message, id),
};

const QUESTIONS: Readonly<Record<string, Answer>> = {
  '/status': describeStatus,
  '/positions': describePositions,
  '/profit': describeProfit,
};

/**
 * Answers a message; null where it is none of the bot's.
 * @param nowMs by which orders that waited too long are refused
 * @param id of the order, unlike any other
 */
export async function answerChat(bot: Bot, message: ChatMessage, nowMs: number, id: string): Promise<string | null> {
  const [word = '', ...words] = message.text.trim().split(/\s+/);
  // In a group a command names its bot: /status@mine_bot.
  const name = word.toLowerCase().replace(/@.*$/, '');
  if (!name.startsWith('/')) return null;
  if (Object.hasOwn(QUESTIONS, name)) return QUESTIONS[name](bot, words, message, id);
  if (!Object.hasOwn(ORDERS, name)) return HELP;
  // What stops everything is never too late.
  if (name !== '/halt' && Math.abs(nowMs - message.timeMs) > STALE_MS)
    return `${name} was sent more than 5 minutes ago and is not carried out; send it again`;
  return ORDERS[name](bot, words, message, id);
}

async function order(
  bot: Bot,
  command: CommandRequest['command'],
  [symbol]: readonly string[],
  { by, timeMs }: ChatMessage,
  id: string,
): Promise<string> {
  const none = { quantity: null, price: null, maxDrawdown: null, maxDataAge: null, maxPosition: null };
  const named = symbol === undefined ? null : nameSymbol(bot, symbol);
  const request = { ...none, id, timeMs, by, reason: 'asked for in the chat', command, symbol: named };
  return (await bot.command(request)).lines.join('\n');
}

/** `btc`, `BTCUSDT` and `BTC/USDT` are the same, where only one of the bot's symbols can be meant. */
function nameSymbol({ traders }: Bot, text: string): string {
  const plain = (symbol: string) => symbol.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  const meant = traders.filter(
    ({ symbol }) => plain(symbol) === plain(text) || plain(symbol.split('/')[0]) === plain(text),
  );
  return meant.length === 1 ? meant[0].symbol : text;
}

function describeStatus({ traders, halted, silent, portfolio, journalHead }: Bot): string {
  const lines = traders.map(({ symbol, broker, limits, lastTimeMs }) => {
    const bar = Number.isNaN(lastTimeMs) ? 'no bar yet' : `bar ${new Date(lastTimeMs).toISOString().slice(0, 16)}`;
    const notes = [
      ...(silent.includes(symbol) ? ['NO DECISION'] : []),
      ...(limits.paused ? ['paused'] : []),
      ...(broker.unresolved === null ? [] : [broker.unresolved]),
    ];
    return `${symbol}: ${bar}${notes.length === 0 ? '' : `, ${notes.join(', ')}`}`;
  });
  const state = halted === null ? 'running' : `HALTED: ${halted}`;
  const drawdown = (100 * portfolio.drawdown).toFixed(2);
  return [state, ...lines, `drawdown ${drawdown} %, journal ${journalHead.slice(0, 16)}`].join('\n');
}

function describePositions({ traders }: Bot): string {
  return traders
    .map(({ symbol, broker: { account } }) => {
      const { units, position, entryPrice, mark } = account;
      if (units === 0) return `${symbol}: flat`;
      const gain = (100 * (mark / entryPrice - 1)).toFixed(2);
      return `${symbol}: ${position} in ${units} units, bought at ${entryPrice}, now ${mark} (${gain} %)`;
    })
    .join('\n');
}

function describeProfit({ traders, portfolio }: Bot): string {
  const lines = traders.map(({ symbol, broker: { account } }) => {
    const { equity, deposits, config, feesPaid, closedTrades } = account;
    const profit = equity - deposits - config.startingEquity;
    return `${symbol}: ${profit.toFixed(2)} in ${closedTrades} trades, fees ${feesPaid.toFixed(2)}`;
  });
  return [...lines, `equity ${portfolio.total.toFixed(2)}`].join('\n');
}
