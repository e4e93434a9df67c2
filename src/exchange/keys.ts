import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';

/** What a venue needs to know that it is us. Never logged; hand it to `ExchangeConnector` and forget it. */
export interface Keys {
  readonly key: string;
  readonly secret: string;
  /** Some venues' third word. */
  readonly passphrase?: string;
}

const fileShape = z.strictObject({
  key: z.string().min(1),
  secret: z.string().min(1),
  passphrase: z.string().min(1).optional(),
});

/**
 * The venue's keys from `TRADERNET_<VENUE>_KEY`, `_SECRET` and, where the venue has one, `_PASSPHRASE`, or from a JSON
 * file {"key", "secret", "passphrase"?} that only its owner may read. Null where there are none. The environment wins.
 */
export function readKeys(
  venue: string,
  environment: Readonly<Record<string, string | undefined>>,
  file?: string,
): Keys | null {
  const prefix = `TRADERNET_${venue.toUpperCase()}`;
  const key = environment[`${prefix}_KEY`];
  const secret = environment[`${prefix}_SECRET`];
  const passphrase = environment[`${prefix}_PASSPHRASE`];
  if (key && secret) return passphrase ? { key, secret, passphrase } : { key, secret };
  if (key || secret) throw new InputError(`${prefix}_KEY and ${prefix}_SECRET belong together; set both or neither`);
  return file === undefined ? null : readKeyFile(file);
}

function readKeyFile(file: string): Keys {
  let text: string;
  try {
    text = readOwnFile(file);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `key file ${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    );
  }
  let keys: z.infer<typeof fileShape>;
  try {
    keys = fileShape.parse(parseJson(text));
  } catch {
    // The parser's own message would quote the file.
    throw new InputError(
      `key file ${file}: must be JSON with "key", "secret" and, where the venue asks for it, "passphrase"`,
    );
  }
  const { key, secret, passphrase } = keys;
  return passphrase === undefined ? { key, secret } : { key, secret, passphrase };
}

/** Longer than any key; a device that never ends is no key file. */
const MOST_BYTES = 65_536;

/**
 * A file that nobody else can read or put in our way. Accepted are a file of ours alone (0600, 0400), and one that root
 * gave to us alone or to a group of ours (0400, 0440), as Docker and Kubernetes mount secrets where they are told to
 * (`docs/live.md`). Links, which Kubernetes makes, are followed where only root or we can change them.
 */
function readOwnFile(file: string): string {
  const place = realpathSync(file);
  // What is looked at is what is read, whatever happens to the name meanwhile; a pipe without a writer doesn't block.
  const descriptor = openSync(place, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0));
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new InputError(`key file ${file}: not a regular file`);
    if (found.size > MOST_BYTES) throw new InputError(`key file ${file}: ${found.size} bytes are no key`);
    if (process.getuid !== undefined) requireOurs(file, place, found, process.getuid());
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function requireOurs(file: string, place: string, { uid, mode }: Stats, us: number): void {
  if (uid !== us && uid !== 0)
    throw new InputError(`key file ${file}: it belongs to another user; make it yours with chown`);
  const isOurs = uid === us && (mode & 0o077) === 0;
  const isGiven = uid === 0 && (mode & 0o337) === 0;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  if (!isOurs && !isGiven)
    throw new InputError(
      `key file ${file}: others can read it (mode ${shown}); run chmod 600 ${file}, or mount it with mode 0400 or 0440`,
    );
  for (const path of new Set([resolve(file), place])) requireUnreachable(file, path, us);
}

/**
 * Whoever owns a link or a folder on the way, or may write to a folder that is not sticky, can put another file there.
 */
function requireUnreachable(file: string, path: string, us: number): void {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const found = lstatSync(at);
    const isOpen = found.isDirectory() && (found.mode & 0o002) !== 0 && (found.mode & 0o1000) === 0;
    if ((found.uid !== us && found.uid !== 0) || isOpen)
      throw new InputError(`key file ${file}: others can change ${at}; move the file to a folder of yours`);
  }
}
