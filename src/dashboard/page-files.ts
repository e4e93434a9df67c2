/** The built page: read once, served compressed, and nothing outside of its folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
};

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** null where it would be no smaller. */
  readonly brotli: Buffer | null;
  /** Named by its content, so it never changes. */
  readonly isForever: boolean;
}

/** The files of a folder by their path in it, with '/' first. */
export function readPage(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const bytes = readFileSync(path);
    // Fonts are compressed already.
    const packed = extname(path) === '.woff2' ? null : brotliCompressSync(bytes, quality(9));
    const name = relative(folder, path).split(sep).join('/');
    files.set(`/${name}`, { type, bytes, brotli: packed, isForever: name.startsWith('assets/') });
  }
  return files;
}

function quality(level: number) {
  return { params: { [constants.BROTLI_PARAM_QUALITY]: level } };
}
