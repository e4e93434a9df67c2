/**
 * How another process orders something of a running bot: a file beside the journal, which the bot takes within a tick
 * and answers with another. Nothing but the journal tells whether it was carried out.
 */
import { z } from 'zod';
import { decimalSchema } from '../broker/decimal-schema.ts';
import { type FileSystem, readText, removeQuietly, writeDurably } from '../core/file-system.ts';
import { parseJson } from '../core/json.ts';

const FOLDER = 'requests';
const ANSWER = '.answer.json';
const requestSchema = z.strictObject({
  id: z.string().regex(/^[\w-]{1,60}$/),
  timeMs: z.number(),
  by: z.string(),
  reason: z.string(),
  command: z.enum(['close', 'cancel-all', 'adopt', 'abandon', 'pause', 'resume', 'tighten']),
  /** null for all. */
  symbol: z.string().nullable(),
  quantity: decimalSchema.nullable(),
  /** null for the venue's own. */
  price: decimalSchema.nullable(),
  maxDrawdown: z.number().nullable(),
  /** In bars. */
  maxDataAge: z.number().nullable(),
  maxPosition: z.number().nullable(),
});

/** What a person asks for; what is then done is written into the journal as one entry a symbol. */
export type CommandRequest = Readonly<z.output<typeof requestSchema>>;

const answerSchema = z.strictObject({
  /** 'later': the same may be asked for again. */
  kind: z.enum(['done', 'refused', 'later']),
  lines: z.array(z.string()).readonly(),
});

export type CommandAnswer = Readonly<z.output<typeof answerSchema>>;

const pathOf = (folder: string, id: string, end: string): string => `${folder}/${FOLDER}/${id}${end}`;

export function writeRequest(files: FileSystem, folder: string, request: CommandRequest): void {
  writeDurably(files, pathOf(folder, request.id, '.json'), `${JSON.stringify(request)}\n`, 0o600);
}

/** What was asked for and not yet answered, by name. What is no request is answered so. */
export function readRequests(files: FileSystem, folder: string): CommandRequest[] {
  const names = files.list(`${folder}/${FOLDER}`).filter((name) => name.endsWith('.json') && !name.endsWith(ANSWER));
  return names.flatMap((name) => {
    const id = name.slice(0, -'.json'.length);
    const refuse = (why: string): [] => {
      answerRequest(files, folder, id, { kind: 'refused', lines: [why] });
      return [];
    };
    const text = readText(files, `${folder}/${FOLDER}/${name}`);
    const read = requestSchema.safeParse(parsed(text));
    if (!read.success || read.data.id !== id) return refuse('the request can not be read; give the command again');
    return [read.data];
  });
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** What was asked of a bot that wasn't there, or died of it, is not carried out by the next one. */
export function refuseRequests(files: FileSystem, folder: string): void {
  for (const { id } of readRequests(files, folder))
    answerRequest(files, folder, id, { kind: 'refused', lines: ['the bot has started since; give the command again'] });
}

export function answerRequest(files: FileSystem, folder: string, id: string, answer: CommandAnswer): void {
  writeDurably(files, pathOf(folder, id, ANSWER), `${JSON.stringify(answer)}\n`, 0o600);
  files.remove(pathOf(folder, id, '.json'));
}

/** The answer, once it is there; it is read once. */
export function takeAnswer(files: FileSystem, folder: string, id: string): CommandAnswer | null {
  const path = pathOf(folder, id, ANSWER);
  if (!files.exists(path)) return null;
  const answer = answerSchema.parse(parsed(readText(files, path)));
  files.remove(path);
  return answer;
}

/** Nobody is to carry it out any more. */
export function withdrawRequest(files: FileSystem, folder: string, id: string): void {
  removeQuietly(files, pathOf(folder, id, '.json'));
  removeQuietly(files, pathOf(folder, id, ANSWER));
}
