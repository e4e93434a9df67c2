/**
 * All that a page may ask to be done: each is a command of the command line with typed arguments, and is journalled as
 * that is. Nothing here opens a position, widens a limit or sees a key: there is no such row, and none can be made of
 * these, since every value is one argument that its schema has read.
 */
import { z } from 'zod';
import { isMarketName } from '../core/symbol.ts';
import { IMPORT_POLICIES } from '../market/import/candles.ts';

/** Names of runs and bots: never an option, never a way out of their folder. */
const name = z.string().regex(/^[\w+][\w.+-]{0,120}$/, 'is no name of a run or a bot');
/** Of a symbol or a venue. */
const market = z.string().max(60).regex(/^\w/, 'is no name').refine(isMarketName, 'is no name of a market');
const timeframe = z.string().regex(/^\d{1,4}[smhdwM]$/, 'is no length of a bar: write 1h');
const reason = z.string().regex(/^[^-\p{Cc}][^\p{Cc}]{0,199}$/u, 'is one line that does not begin with a hyphen');
const word = z.string().regex(/^[a-z][\w-]{0,40}$/, 'is no word');

/** A file that the page handed over (`uploads.ts`). */
const file = z.string().regex(/^upload-[0-9a-f]{24}$/, 'is no file that was handed over');
const policy = z.enum(IMPORT_POLICIES).default('refuse');
const importShape = {
  file,
  symbol: market.nullable().default(null),
  venue: market.default('csv'),
  timeframe: timeframe.nullable().default(null),
  policy,
};

function importLine(given: z.output<z.ZodObject<typeof importShape>>): readonly string[] {
  const { file, symbol, venue, timeframe, policy } = given;
  return [
    ...['data', 'import', file, '--venue', venue, '--policy', policy],
    ...(symbol === null ? [] : ['--symbol', symbol]),
    ...(timeframe === null ? [] : ['--timeframe', timeframe]),
  ];
}

/** A row: what a page sends beside `command`, and the command line it comes to. */
interface CommandRow<Shape extends z.ZodRawShape> {
  readonly shape: Shape;
  readonly args: (given: z.output<z.ZodObject<Shape>>) => readonly string[];
  /** Answered when it is done; others are answered with a job at once. */
  readonly waits?: boolean;
}

function row<Shape extends z.ZodRawShape>(definition: CommandRow<Shape>): CommandRow<z.ZodRawShape> {
  return definition as unknown as CommandRow<z.ZodRawShape>;
}

export const COMMAND_ROWS: Readonly<Record<string, CommandRow<z.ZodRawShape>>> = {
  halt: row({
    // The bot's name once more, as a person typed it.
    shape: { bot: name, typed: z.string(), reason: reason.default('halted on the dashboard') },
    args: ({ bot, reason }) => ['halt', '--journal', bot, '--reason', reason],
    waits: true,
  }),
  close: row({
    shape: { bot: name, typed: z.string(), symbol: market, reason: reason.default('closed on the dashboard') },
    args: ({ bot, symbol, reason }) => ['close', '--journal', bot, '--symbol', symbol, '--reason', reason],
  }),
  pause: row({
    shape: { bot: name, typed: z.string(), symbol: market, reason: reason.default('paused on the dashboard') },
    args: ({ bot, symbol, reason }) => ['pause', '--journal', bot, '--symbol', symbol, '--reason', reason],
  }),
  train: row({
    shape: {
      agent: word,
      symbol: market,
      venue: market,
      timeframe,
      seeds: z.int().min(1).max(20).default(1),
      seed: z
        .int()
        .min(0)
        .max(2 ** 31)
        .default(1),
      steps: z.int().min(2048).max(1e10).nullable().default(null),
    },
    args: ({ agent, symbol, venue, timeframe, seeds, seed, steps }) => [
      ...['train', '--agent', agent, '--symbol', symbol, '--venue', venue, '--timeframe', timeframe],
      ...['--seed', String(seed), ...(seeds > 1 ? ['--seeds', String(seeds)] : [])],
      ...(steps === null ? [] : ['--steps', String(steps)]),
    ],
  }),
  resume: row({ shape: { run: name }, args: ({ run }) => ['train', '--resume', run] }),
  evaluate: row({
    shape: { run: name, shield: word.default('none') },
    args: ({ run, shield }) => ['evaluate', '--checkpoint', run, '--shield', shield, '--no-counterfactuals'],
  }),
  inspect: row({ shape: importShape, args: (given) => [...importLine(given), '--dry-run'], waits: true }),
  import: row({ shape: importShape, args: importLine, waits: true }),
  delete: row({
    shape: { run: name, typed: z.string() },
    args: ({ run }) => ['runs', 'delete', run, '--yes'],
    waits: true,
  }),
};

/** What a person has to type before it is done, where a command asks for that. */
export function typedName(
  given: Readonly<Record<string, unknown>>,
): { readonly typed: string; readonly wanted: string } | null {
  if (typeof given.typed !== 'string') return null;
  return { typed: given.typed, wanted: String(given.bot ?? given.run) };
}

/** The arguments of what a page asked for, or what is wrong with it in one line. */
export function readCommand(
  body: unknown,
):
  | { readonly command: string; readonly args: readonly string[]; readonly waits: boolean }
  | { readonly fault: string } {
  const { command, ...rest } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const found = typeof command === 'string' && Object.hasOwn(COMMAND_ROWS, command) ? COMMAND_ROWS[command] : undefined;
  if (found === undefined || typeof command !== 'string')
    return { fault: `there is no such command; there are ${Object.keys(COMMAND_ROWS).join(', ')}` };
  const parsed = z.strictObject(found.shape).safeParse(rest);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { fault: `${command}: ${[...issue.path, issue.message].join(': ')}` };
  }
  const asked = typedName(parsed.data);
  if (asked !== null && asked.typed !== asked.wanted)
    return { fault: `${command}: type the name '${asked.wanted}' to confirm; nothing was done` };
  return { command, args: found.args(parsed.data), waits: found.waits ?? false };
}
