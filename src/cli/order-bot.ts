/** How a person's command reaches a bot: the running one through its requests, else under its lock, from here. */
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { ASKS_NO_VENUE, carryOutAlone } from '../bot/caretaker.ts';
import type { StartEntry } from '../bot/entries.ts';
import { type CommandAnswer, type CommandRequest, takeAnswer, withdrawRequest, writeRequest } from '../bot/requests.ts';
import { type BotSetup, readSetup } from '../bot/setup.ts';
import type { Clock } from '../core/clock.ts';
import { InputError } from '../core/errors.ts';
import { isDecimal } from '../exchange/decimal.ts';
import { AcceleratedClock } from '../rehearsal/accelerated-clock.ts';
import { clockFor, KEYS_OPTION, openVenue } from './bot-venue.ts';
import type { Context, Options, OptionsOf, Output } from './command.ts';
import {
  findJournal,
  isRunning,
  JOURNAL_OPTION,
  type JournalPlace,
  lockJournal,
  readStart,
  startOf,
} from './journals.ts';
import { drawRunId } from './run-id.ts';

const LOOK_MS = 200;
/** A running bot answers within a tick, once what is under way at the venue is. */
const PATIENCE_MS = 90_000;
/** For a venue that is down, and for absence to be proven. */
const LONGEST_MS = 5 * 60_000;

export const ORDER_OPTIONS = {
  ...JOURNAL_OPTION,
  '--reason <text>': { doc: 'why, for the journal', default: 'a person said so' },
} satisfies Options;

/** For what may have to ask the venue while no bot runs. */
export const ALONE_OPTIONS = { ...ORDER_OPTIONS, ...KEYS_OPTION } satisfies Options;

export const SYMBOL_OPTION = {
  '--symbol <name>': { doc: 'of one symbol only (default: all that the bot trades)' },
} satisfies Options;

/** A decimal as the venue counts it. */
export function parseAmount(text: string): string {
  if (!isDecimal(text) || !(Number(text) > 0)) throw new InputError(`'${text}' is not an amount above 0, such as 0.25`);
  return text;
}

type Wanted = Pick<CommandRequest, 'command'> & Partial<CommandRequest>;

export async function orderBot(
  wanted: Wanted,
  options: OptionsOf<typeof ORDER_OPTIONS> & Partial<OptionsOf<typeof KEYS_OPTION>>,
  context: Context,
): Promise<Output> {
  const place = findJournal(options, context);
  const start = readStart(place) ?? startOf([], place.name);
  const setup = readSetup(start, place.name);
  const clock = await clockOf(start, setup, context);
  const request: CommandRequest = {
    ...{ id: randomBytes(6).toString('hex'), timeMs: clock.nowMs(), by: userInfo().username, reason: options.reason },
    ...{ symbol: null, quantity: null, price: null, maxDrawdown: null, maxDataAge: null, maxPosition: null },
    ...wanted,
  };
  const running = isRunning(place);
  const { kind, lines } = running
    ? await askRunning(place, request, context)
    : await askAlone(place, start, setup, request, options.keys, clock, context);
  if (kind === 'refused') throw new InputError(lines.join('; '));
  return {
    text: lines.map((line) => `${place.name}: ${line}`).join('\n'),
    json: {
      journal: place.name,
      command: request.command,
      id: request.id,
      running,
      done: kind === 'done',
      lines: [...lines],
    },
    exitCode: kind === 'done' ? 0 : 1,
  };
}

/** On a fast clock the network's milliseconds are seconds. */
function patienceOn(clock: Clock) {
  if (!(clock instanceof AcceleratedClock)) return { longestMs: LONGEST_MS };
  const { speed } = clock;
  return { longestMs: LONGEST_MS * speed, deadlineMs: 10_000 * speed, tickMs: 100 * speed };
}

/** A paper bot's rehearsal server may be gone: the last price that it saw does. */
async function clockOf({ kind }: StartEntry, { server }: BotSetup, context: Context): Promise<Clock> {
  const url = server === null || server === 'sandbox' ? undefined : server;
  try {
    return await clockFor(url, context);
  } catch (error) {
    if (kind === 'paper') return context.clock;
    throw error;
  }
}

async function askRunning(place: JournalPlace, request: CommandRequest, context: Context): Promise<CommandAnswer> {
  const { files, folder } = place;
  const { clock, signal } = context;
  const untilMs = clock.elapsedMs() + PATIENCE_MS;
  for (let attempt = 0; ; attempt++) {
    const { id } = request;
    const named = { ...request, id: attempt === 0 ? id : `${id}-${attempt}` };
    writeRequest(files, folder, named);
    let answer = takeAnswer(files, folder, named.id);
    while (answer === null && !signal.aborted && clock.elapsedMs() < untilMs) {
      await clock.sleep(LOOK_MS, signal).catch(() => {});
      answer = takeAnswer(files, folder, named.id);
    }
    if (answer === null) {
      withdrawRequest(files, folder, named.id);
      throw new InputError(
        `${place.name}: the running bot did not answer in time; look at its log, or stop it and give the command again`,
      );
    }
    if (answer.kind !== 'later' || signal.aborted || clock.elapsedMs() >= untilMs) return answer;
    context.progress(answer.lines.join('; '));
    await clock.sleep(10 * LOOK_MS, signal).catch(() => {});
  }
}

async function askAlone(
  place: JournalPlace,
  start: StartEntry,
  setup: BotSetup,
  request: CommandRequest,
  keys: string | undefined,
  clock: Clock,
  context: Context,
): Promise<CommandAnswer> {
  const isReal = setup.server === null || setup.server === 'sandbox';
  const where = isReal ? { keys, server: undefined } : { keys: undefined, server: setup.server ?? undefined };
  const { venue, redact, hasKeys } = openVenue(
    start.venue,
    { ...where, sandbox: setup.server === 'sandbox' },
    context,
    clock,
  );
  if (start.kind === 'live' && !hasKeys && !ASKS_NO_VENUE.has(request.command))
    throw new InputError(
      `no keys for ${start.venue}; set TRADERNET_${start.venue.toUpperCase()}_KEY and _SECRET, or give --keys FILE`,
    );
  const unlock = lockJournal(place);
  try {
    const alarm = (code: string, numbers: Readonly<Record<string, string>>) =>
      context.say(redact([code, ...Object.entries(numbers).map(([name, value]) => `${name} ${value}`)].join(', ')));
    const { files, folder } = place;
    return await carryOutAlone(
      request,
      { files, folder, venue, clock, start, setup, alarm, runId: drawRunId(), ...patienceOn(clock) },
      context.signal,
    );
  } finally {
    await venue.close();
    unlock();
  }
}
