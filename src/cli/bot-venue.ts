/** From flags and the environment to the venue that a command talks to, and the clock that it runs on. */

import { resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { InputError } from '../core/errors.ts';
import { ExchangeConnector } from '../exchange/connector.ts';
import { readKeys } from '../exchange/keys.ts';
import { createRedactor, secretsOfUrl } from '../exchange/redact.ts';
import { AcceleratedClock } from '../rehearsal/accelerated-clock.ts';
import { REHEARSAL_KEYS } from '../rehearsal/keys.ts';
import type { Context, Options, OptionsOf } from './command.ts';

export const SERVER_OPTION = {
  '--server <url>': { doc: "a rehearsal server, such as http://127.0.0.1:8686, in the venue's place" },
} satisfies Options;

export const SANDBOX_OPTION = {
  '--sandbox': { doc: "the venue's own test network, with keys of its own" },
} satisfies Options;

export const KEYS_OPTION = {
  '--keys <file>': {
    doc: 'JSON file with key and secret that only you can read (or TRADERNET_<VENUE>_KEY, _SECRET)',
  },
} satisfies Options;

/** A rehearsal server runs on its own, faster clock; everything else on the machine's. */
export async function clockFor(server: string | undefined, context: Context): Promise<Clock> {
  if (server === undefined) return context.clock;
  if (!/^http:\/\/(127\.0\.0\.1|localhost):\d+$/.test(server))
    throw new InputError(`--server ${server}: a rehearsal server is on this machine, such as http://127.0.0.1:8686`);
  const answer = await fetch(`${server}/rehearsal/clock`).catch(() => null);
  if (answer?.ok !== true)
    throw new InputError(`--server ${server}: no rehearsal server answers; start one with 'tradernet rehearse'`);
  const { nowMs, speed } = (await answer.json()) as { nowMs: number; speed: number };
  return new AcceleratedClock(context.clock, nowMs, speed);
}

/** How long a signed order may take to arrive: seconds, and on a fast clock as many of the network's. */
const windowOn = (clock: Clock): number =>
  5_000 * (clock instanceof AcceleratedClock ? Math.max(1, clock.speed / 2) : 1);

export function openVenue(
  name: string,
  { keys: file, server, sandbox }: OptionsOf<typeof KEYS_OPTION & typeof SERVER_OPTION & typeof SANDBOX_OPTION>,
  context: Context,
  clock: Clock,
): { readonly venue: ExchangeConnector; readonly redact: (text: string) => string; readonly hasKeys: boolean } {
  if (server !== undefined && file !== undefined)
    throw new InputError('--keys with --server: a rehearsal server gets made-up keys, never yours; leave --keys out');
  const keys =
    server === undefined
      ? readKeys(name, context.env, file === undefined ? undefined : resolve(context.cwd, file))
      : REHEARSAL_KEYS;
  const secrets = [...Object.values(keys ?? {}), ...secretsIn(context.env)];
  const venue = new ExchangeConnector({
    venue: name,
    clock,
    keys,
    sandbox: sandbox === true && server === undefined,
    ...(server === undefined ? {} : { localUrl: server, orderWindowMs: windowOn(clock) }),
  });
  return { venue, redact: createRedactor(secrets), hasKeys: keys !== null };
}

/** What of the environment nobody else may read, whichever venue and channel are in use. */
function secretsIn(environment: Context['env']): string[] {
  return Object.entries(environment)
    .filter(([name]) => /^TRADERNET_\w*(KEY|SECRET|PASSPHRASE|TOKEN|URL)$/.test(name))
    .flatMap(([name, value]) => (name.endsWith('URL') ? secretsOfUrl(value ?? '') : [value ?? '']));
}
