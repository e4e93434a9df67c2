import { lstatSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';

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
  let mode: number;
  let text: string;
  try {
    const stat = lstatSync(file);
    if (!stat.isFile()) throw new InputError(`key file ${file}: not a plain file (a link could point anywhere)`);
    if (process.getuid !== undefined && stat.uid !== process.getuid()) {
      throw new InputError(`key file ${file}: it belongs to another user; make it yours with chown`);
    }
    mode = stat.mode & 0o777;
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new InputError(`key file ${file}: others can read it (mode ${mode.toString(8)}); run chmod 600 ${file}`);
    }
    text = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `key file ${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    );
  }
  let keys: z.infer<typeof fileShape>;
  try {
    keys = fileShape.parse(JSON.parse(text));
  } catch {
    // The parser's own message would quote the file.
    throw new InputError(
      `key file ${file}: must be JSON with "key", "secret" and, where the venue asks for it, "passphrase"`,
    );
  }
  const { key, secret, passphrase } = keys;
  return passphrase === undefined ? { key, secret } : { key, secret, passphrase };
}
