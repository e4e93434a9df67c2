/** Files that a page hands over for an import: in a folder of their own, the newest few, gone with the server. */
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InputError } from '../core/errors.ts';

const KEPT = 4;
export const MOST_UPLOAD_BYTES = 512 * 1024 * 1024;

export class Uploads {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tradernet-upload-'));
  readonly #paths = new Map<string, string>();

  /** @returns by what name commands know it. @throws InputError where it is too long */
  async take(name: string, bytes: Readable): Promise<string> {
    const id = `upload-${randomBytes(12).toString('hex')}`;
    // As the user calls it, since the name tells the symbol; nothing else of it is kept.
    const safe =
      name
        .replaceAll(/[^\w.+-]/g, '_')
        .replace(/^[.-]+/, '')
        .slice(-80) || 'file';
    const folder = join(this.#folder, id);
    mkdirSync(folder);
    const path = join(folder, safe);
    let length = 0;
    try {
      await pipeline(
        bytes,
        async function* (parts: AsyncIterable<Buffer>) {
          for await (const part of parts) {
            length += part.length;
            if (length > MOST_UPLOAD_BYTES)
              throw new InputError(`${safe}: longer than 512 MB; import it on the command line`);
            yield part;
          }
        },
        createWriteStream(path),
      );
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    this.#paths.set(id, path);
    for (const [old, file] of [...this.#paths].slice(0, -KEPT)) {
      rmSync(join(file, '..'), { recursive: true, force: true });
      this.#paths.delete(old);
    }
    return id;
  }

  /** The file behind a name, or the word as it is. */
  resolve(word: string): string {
    return this.#paths.get(word) ?? word;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
