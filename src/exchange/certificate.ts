/** What `doctor --certify` leaves behind: that a venue did, on a day, what a broker needs of it. */
import { z } from 'zod';
import { type FileSystem, makeFolderDurably, readText, writeDurably } from '../core/file-system.ts';
import type { ConformanceFinding } from './conformance.ts';

const FOLDER = 'certificates';
const LONGEST_MS = 90 * 86_400_000;

const shape = z.strictObject({
  venue: z.string(),
  /** The venue's test network. */
  sandbox: z.boolean(),
  symbol: z.string(),
  ccxt: z.string(),
  timeMs: z.number(),
  findings: z.array(z.strictObject({ check: z.string(), ok: z.boolean(), saw: z.string() })),
});

export type Certificate = z.output<typeof shape>;

const pathOf = (venue: string, sandbox: boolean): string => `${FOLDER}/${venue}${sandbox ? '-sandbox' : ''}.json`;

export function writeCertificate(files: FileSystem, certificate: Certificate): string {
  const path = pathOf(certificate.venue, certificate.sandbox);
  makeFolderDurably(files, FOLDER);
  writeDurably(files, path, `${JSON.stringify(certificate, null, 2)}\n`);
  return path;
}

/** The newest that there is for a venue, real or test network; null where there is none that can be read. */
export function readCertificate(files: FileSystem, venue: string): Certificate | null {
  const found = [false, true].flatMap((sandbox) => {
    const path = pathOf(venue, sandbox);
    if (!files.exists(path)) return [];
    try {
      return [shape.parse(JSON.parse(readText(files, path)))];
    } catch {
      return [];
    }
  });
  return found.sort((a, b) => b.timeMs - a.timeMs)[0] ?? null;
}

/** Why a certificate doesn't hold; null where it does. */
export function certificateProblem(certificate: Certificate | null, ccxt: string, nowMs: number): string | null {
  if (certificate === null) return 'there is none';
  const failed = certificate.findings.find(({ ok }) => !ok) as ConformanceFinding | undefined;
  if (failed !== undefined) return `it failed at ${failed.check}: ${failed.saw}`;
  if (certificate.ccxt !== ccxt) return `it is for ccxt ${certificate.ccxt}, this is ${ccxt}`;
  const days = Math.floor((nowMs - certificate.timeMs) / 86_400_000);
  return nowMs - certificate.timeMs > LONGEST_MS ? `it is ${days} days old` : null;
}
