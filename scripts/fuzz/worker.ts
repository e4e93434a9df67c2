/** Tries the inputs [from, to) of a surface and tells its parent of each. */
import { Rng } from '../../src/core/rng.ts';
import type { Message } from '../fuzz.ts';
import { SURFACES } from './index.ts';

const [, , name, seed, from, to] = process.argv;
const surface = SURFACES.find((one) => one.name === name);
if (surface === undefined) throw new Error(`no surface ${name}`);
const opened = await surface.open();

let told: Message[] = [];
let atMs = performance.now();
/** A batch at a time, but never so long that a parent takes it for a hang. */
async function tell(message: Message, last: boolean): Promise<void> {
  told.push(message);
  if (!last && told.length < 200 && performance.now() - atMs < 500) return;
  atMs = performance.now();
  const batch = told;
  told = [];
  await new Promise((resolve) => process.send?.(batch, resolve));
}

/** A failure that nobody caught belongs to the input of the moment. */
let stray: unknown = null;
process.on('unhandledRejection', (reason) => (stray ??= reason));
process.on('uncaughtException', (reason) => (stray ??= reason));

for (let index = Number(from); index < Number(to); index++) {
  let message: Message;
  try {
    const outcome = await opened.attempt(new Rng(Number(seed), index));
    if (stray !== null) throw stray;
    message = typeof outcome === 'string' ? { index, outcome } : { index, outcome: 'wrong', text: outcome.wrong };
  } catch (error) {
    stray = null;
    message = { index, outcome: 'stack', text: String((error as Error)?.stack ?? error) };
  }
  await tell(message, index === Number(to) - 1);
}
await opened.close?.();
process.exit(0);
