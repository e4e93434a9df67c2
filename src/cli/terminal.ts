/**
 * The screen, stdout and stderr: nothing that a file, a venue or a journal names can command it, commands are shown as
 * they are typed here, and a reader that has gone (`| head`) is no failure.
 */
import { styleText } from 'node:util';
import { COMMANDS } from './commands.ts';

/** Milliseconds between lines of progress where there is no terminal; a parent process asks for more of them. */
const PROGRESS_MS = 10_000;

/** Colours and weights, which are ours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: what commands a terminal is what is looked for
const STYLE = /(\x1b\[[\d;]*m)/;
/** All else that commands a terminal, is invisible or turns the direction of what follows; no tab and no line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const COMMANDING = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Text with what commands a terminal written out, as JSON would; JSON stays the same JSON. */
export function printable(text: string): string {
  return text
    .split(STYLE)
    .map((part, i) =>
      i % 2 === 1 ? part : part.replace(COMMANDING, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`),
    )
    .join('');
}

const firstWords = [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0])), 'COMMAND'];
const TYPED = new RegExp(`(?<![\\w./-]|Usage: )tradernet (?=--help|(?:${firstWords.join('|')})\\b)`, 'g');

/** Commands in a text as they are typed in a clone of the repository, where no `tradernet` is installed. */
export function asTypedInClone(text: string): string {
  return text.replace(TYPED, 'npm run tradernet -- ');
}

/** Whether the sources run as they lie in a clone, and not by the command of a package. */
const isClone = process.argv[1]?.endsWith('main.ts') === true;

/** For people. */
const forReading = (text: string): string => printable(isClone ? asTypedInClone(text) : text);

type Stream = 'stdout' | 'stderr';

/** Why a stream takes nothing more; null for a reader that has simply gone. */
const broken = new Map<Stream, NodeJS.ErrnoException | null>();

for (const name of ['stdout', 'stderr'] as const)
  process[name].on('error', (error: NodeJS.ErrnoException) => {
    if (!broken.has(name)) broken.set(name, error.code === 'EPIPE' ? null : error);
  });

function write(name: Stream, text: string): void {
  // A bot goes on trading when nobody reads; so does a training.
  if (!broken.has(name)) process[name].write(text);
}

/** What kept the output from arriving; null where it did, or where nobody wants it any more. */
export function outputFailure(): NodeJS.ErrnoException | null {
  return broken.get('stdout') ?? null;
}

/** Waits until what was printed has left, or failed to. */
export function flushOutput(): Promise<void> {
  return new Promise((resolve) => {
    if (broken.has('stdout')) resolve();
    else process.stdout.write('', () => resolve());
  });
}

/** Text on stdout. */
export function print(text: string): void {
  write('stdout', forReading(text));
}

/** JSON on stdout. */
export function printJson(value: unknown): void {
  write('stdout', `${printable(JSON.stringify(value))}\n`);
}

/** A line on stderr. */
export function say(line: string): void {
  write('stderr', `${forReading(line)}\n`);
}

/** The error that a command ends in: one line, whatever it quotes. */
export function fail(message: string): void {
  const line = forReading(message.replaceAll(/\p{Cc}+/gu, ' '));
  write('stderr', `${styleText('red', 'error:', { stream: process.stderr })} ${line}\n`);
}

/** Text lines of progress, redrawn on a terminal, now and then a line elsewhere. */
export function createProgress() {
  const everyMs = Number(process.env.TRADERNET_PROGRESS_MS ?? PROGRESS_MS);
  let lastMs = 0;
  let open = false;
  return {
    progress(line: string): void {
      const nowMs = Date.now();
      if (nowMs - lastMs < (process.stderr.isTTY ? 80 : everyMs)) return;
      lastMs = nowMs;
      open = process.stderr.isTTY;
      if (open) write('stderr', `\r\x1b[2K${forReading(line)}`);
      else say(line);
    },
    close(): void {
      if (open) write('stderr', '\r\x1b[2K');
      open = false;
    },
  };
}
