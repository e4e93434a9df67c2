/** Carries out what a person orders: checked, written down, done. The same for a running bot and for none. */
import type { CommandEntry } from '../broker/command.ts';
import { ExchangeError, InputError } from '../core/errors.ts';
import { compareDecimals, decimalOf } from '../exchange/decimal.ts';
import type { Venue } from '../exchange/venue.ts';
import type { BotEntry } from './entries.ts';
import type { Follower } from './follower.ts';
import type { CommandAnswer, CommandRequest } from './requests.ts';
import { type BotState, commandKey } from './state.ts';

const DONE_BEFORE = 'carried out before';

export interface CommandDeskOptions {
  readonly state: BotState<Follower>;
  readonly venue: Venue;
  readonly timeframeMs: number;
  nowMs(): number;
  append(entry: BotEntry): void;
  sync(): boolean;
}

export class CommandDesk {
  readonly #options: CommandDeskOptions;

  constructor(options: CommandDeskOptions) {
    this.#options = options;
  }

  /** Nothing else may move an order meanwhile: all queues stand still. */
  async carryOut(request: CommandRequest): Promise<CommandAnswer> {
    try {
      return { kind: 'done', lines: await this.#carryOut(request) };
    } catch (error) {
      if (error instanceof InputError) return { kind: 'refused', lines: [error.message] };
      if (error instanceof ExchangeError) return { kind: 'later', lines: [error.message] };
      throw error;
    }
  }

  async #carryOut(request: CommandRequest): Promise<string[]> {
    if (request.command === 'tighten') return [this.#wasDone(request, null) ? DONE_BEFORE : this.#tighten(request)];
    const followers = this.#followers(request.symbol);
    if ((request.command === 'adopt' || request.command === 'abandon') && followers.length > 1)
      throw new InputError(`--symbol is missing; name one of ${followers.map(({ symbol }) => symbol).join(', ')}`);
    const lines: string[] = [];
    for (const follower of followers) {
      const { symbol } = follower;
      const line = this.#wasDone(request, symbol) ? DONE_BEFORE : await this.#carryOutOn(follower, request);
      lines.push(`${symbol}: ${line}`);
    }
    return lines;
  }

  /** A request that outlived a crash. */
  #wasDone({ id }: CommandRequest, symbol: string | null): boolean {
    return this.#options.state.commands.has(commandKey(id, symbol));
  }

  #followers(symbol: string | null): readonly Follower[] {
    const { traders } = this.#options.state;
    const found = traders.filter((one) => symbol === null || one.symbol === symbol);
    if (found.length > 0) return found;
    const names = traders.map((one) => one.symbol).join(', ');
    throw new InputError(`--symbol ${symbol}: this bot trades ${names}; name one of them`);
  }

  async #carryOutOn(follower: Follower, request: CommandRequest): Promise<string> {
    switch (request.command) {
      case 'close':
        return this.#close(follower, request);
      case 'cancel-all':
        return this.#cancelAll(follower, request);
      case 'adopt':
        return this.#adopt(follower, request);
      case 'abandon':
        return this.#abandon(follower, request);
      case 'pause':
      case 'resume':
        this.#note({ ...this.#common(request), command: request.command, symbol: follower.symbol });
        return request.command === 'pause'
          ? 'paused; nothing is opened until it is resumed, and what is held is managed as before'
          : 'resumed';
      case 'tighten':
        return '';
    }
  }

  async #close({ symbol, broker }: Follower, request: CommandRequest): Promise<string> {
    const price = await this.#price(broker, request);
    this.#note({ ...this.#common(request), command: 'close', symbol, price });
    await broker.poll();
    return describeClosing(broker);
  }

  async #cancelAll({ symbol, broker }: Follower, request: CommandRequest): Promise<string> {
    const ids = await broker.cancelAll();
    this.#note({ ...this.#common(request), command: 'cancel-all', symbol });
    const open = broker.account.units === 0 ? '' : '; no stop protects the position before the next decision';
    return `${ids.length} order${ids.length === 1 ? '' : 's'} cancelled${open}`;
  }

  async #adopt({ symbol, broker, decisions }: Follower, request: CommandRequest): Promise<string> {
    const { quantity } = request;
    if (quantity === null || compareDecimals(quantity, '0') <= 0)
      throw new InputError('--quantity is missing; say how much of the base currency the bot is to take over');
    if (decisions === 0) throw new InputError(`${symbol}: the bot has not seen a candle yet; try again after the next`);
    if (broker.kind === 'live') await this.#requireOthers(symbol, broker, quantity);
    const price = await this.#price(broker, request);
    this.#note({ ...this.#common(request), command: 'adopt', symbol, quantity, price });
    return `${quantity} adopted at ${price}; the bot holds ${broker.owned}`;
  }

  /** Only what is somebody else's for sure can be taken over. */
  async #requireOthers(symbol: string, { unresolved }: Follower['broker'], quantity: string): Promise<void> {
    if (unresolved !== null) throw retryLater(`${symbol}: ${unresolved}; adopt once that is known`);
    const [base] = symbol.split('/');
    const foreign = await this.#options.state.reconciler?.othersHold(base);
    if (foreign === undefined || compareDecimals(quantity, foreign) > 0)
      throw new InputError(
        `--quantity ${quantity}: the account holds ${foreign ?? 'an unknown amount of'} ${base} beyond what is the bot's`,
      );
  }

  async #abandon({ symbol, broker }: Follower, request: CommandRequest): Promise<string> {
    if (broker.account.units === 0) throw new InputError(`${symbol}: the bot holds nothing`);
    await broker.cancelAll();
    if (!(await broker.settled()))
      throw retryLater(`${symbol}: an order is under way or may have filled; abandon it once that is known`);
    if (broker.account.units === 0) return 'a stop has closed the position meanwhile';
    const price = await this.#price(broker, request);
    const quantity = broker.owned;
    this.#note({ ...this.#common(request), command: 'abandon', symbol, quantity, price });
    return `${quantity} abandoned at ${price}; the coins are yours`;
  }

  #tighten(request: CommandRequest): string {
    const { state, timeframeMs } = this.#options;
    const { portfolio, traders } = state;
    const { limits } = traders[0];
    const { maxDrawdown, maxPosition } = request;
    const maxDataAgeMs = request.maxDataAge === null ? null : request.maxDataAge * timeframeMs;
    if (maxDrawdown === null && maxDataAgeMs === null && maxPosition === null)
      throw new InputError('no limit is named; give --max-drawdown, --max-data-age or --max-position');
    requireTighter('--max-drawdown', maxDrawdown, portfolio.maxDrawdown || 1);
    requireTighter('--max-data-age', request.maxDataAge, limits.maxDataAgeMs / timeframeMs);
    requireTighter('--max-position', maxPosition, limits.maxPosition);
    if (maxDrawdown !== null && !(maxDrawdown > 0)) throw new InputError('--max-drawdown 0: it must be above 0');
    if (maxDataAgeMs !== null && !(maxDataAgeMs > 0)) throw new InputError('--max-data-age 0: it must be above 0');
    if (maxPosition !== null && !(maxPosition >= 0)) throw new InputError('--max-position: it must be at least 0');
    this.#note({ ...this.#common(request), command: 'tighten', maxDrawdown, maxDataAgeMs, maxPosition });
    const now = traders[0].limits;
    const position = now.maxPosition === Number.POSITIVE_INFINITY ? 'any' : String(now.maxPosition);
    return `limits from here on: drawdown ${portfolio.maxDrawdown || 'any'}, age ${now.maxDataAgeMs / timeframeMs} bars, position ${position}`;
  }

  #common({ id, by, reason }: CommandRequest) {
    return { type: 'command', timeMs: this.#options.nowMs(), id, by, reason } as const;
  }

  /** Durable, or at least in the memory of a process that goes on trying, before anything of it is done. */
  #note(entry: CommandEntry): void {
    const { state, append, sync } = this.#options;
    append(entry);
    sync();
    state.follow(entry);
  }

  async #price({ symbol, account }: Follower['broker'], { price }: CommandRequest): Promise<string> {
    if (price !== null && compareDecimals(price, '0') > 0) return price;
    try {
      return (await this.#options.venue.fetchQuote(symbol)).bid;
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      // A venue that tells no price keeps nobody from getting out.
      if (account.mark > 0) return decimalOf(account.mark);
      throw error;
    }
  }
}

/** How far a close has come. */
export function describeClosing({ account, busy, owned }: Follower['broker']): string {
  if (account.units === 0 && !busy) return 'closed; the bot holds nothing';
  return `being closed, ${owned} left; it is tried until it is done`;
}

function requireTighter(flag: string, value: number | null, now: number): void {
  if (value !== null && !(value < now))
    throw new InputError(`${flag} ${value}: it is ${now} now, and can only be lowered`);
}

const retryLater = (message: string): ExchangeError =>
  new ExchangeError(message, { code: 'unresolved', retryable: true });
