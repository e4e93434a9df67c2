/**
 * Journals of a right chain and a wrong shape: the records of a real day on paper, changed, and chained anew. Every
 * command that reads a journal, and a bot that takes it over, must refuse it or make sense of it. Truth: the hash of the
 * last record, which no changed journal may have.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { botSchema } from '../../src/bot/config.ts';
import type { Context } from '../../src/cli/command.ts';
import { configSchema } from '../../src/cli/config.ts';
import { exportJournal, showJournal, verifyChain } from '../../src/cli/journal.ts';
import { paper } from '../../src/cli/paper.ts';
import { reset } from '../../src/cli/reset.ts';
import { verify } from '../../src/cli/verify.ts';
import { ExchangeError, InputError } from '../../src/core/errors.ts';
import type { Json } from '../../src/core/json.ts';
import type { Rng } from '../../src/core/rng.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';
import { encodeRecord, GENESIS, readRecords } from '../../src/journal/record-log.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { REHEARSAL_KEYS } from '../../src/rehearsal/keys.ts';
import { startRehearsal } from '../../src/rehearsal/start.ts';
import { saveTinyCheckpoint } from '../../test/bot/tiny-checkpoint.ts';
import { callCommand } from '../../test/cli/call-command.ts';
import { realClock } from '../../test/exchange/local-venue.ts';
import { chance, mutateBytes, mutateJson, pick } from './mutate.ts';
import type { Outcome, Surface } from './surface.ts';

const MINUTE_MS = 60_000;

/** Records as a file, chained from the first on. */
function chain(records: readonly Json[]): { bytes: Uint8Array; head: string } {
  let head = GENESIS;
  const parts = records.map((record) => {
    const line = encodeRecord(record, head);
    head = line.head;
    return line.bytes;
  });
  return { bytes: Uint8Array.from(Buffer.concat(parts)), head };
}

function contextOf(storage: string, signal = new AbortController().signal): Context {
  const { bot: _, ...config } = configSchema.parse({ shield: { profile: 'balanced' } });
  const bot = botSchema.parse({ allocation: 2_000, statusPort: 0, warmUpBars: 60, heartbeatMinutes: 0 });
  const quiet = () => {};
  return {
    ...{ storage, cwd: storage, clock: realClock, env: { TRADERNET_KERNELS: 'wasm' }, signal, json: false },
    ...{ progress: quiet, say: quiet, print: quiet, ask: async () => null, overrides: {} },
    ...{ configFile: undefined, plugins: [] },
    ...{ config: () => config, bot: () => bot },
  };
}

/** A day on paper at a rehearsal venue: its records, the venue, and where it lies. */
async function trade(storage: string) {
  const { series } = synthesize({
    bars: 420,
    seed: 3,
    symbol: 'BTC/USDT',
    timeframeMs: MINUTE_MS,
    volatility: 0.05,
    trends: false,
  });
  await saveTinyCheckpoint(new NodeFileSystem(storage), 'spot', { series });
  const venue = await startRehearsal({
    ...{
      series: [series],
      real: realClock,
      startMs: series.timeMs[300],
      endMs: series.timeMs[410],
      speed: 240,
      seed: 1,
      faults: 0,
    },
    ...{ keys: REHEARSAL_KEYS, quoteBalance: '5000', feeRate: '0.001', feeIn: 'received' },
  });
  const options = { checkpoint: 'spot', symbol: ['BTC/USDT'], server: venue.url, journal: 'base' };
  await callCommand(paper, options, contextOf(storage, AbortSignal.timeout(4_000)));
  const { records } = readRecords(new NodeFileSystem(storage).read('bots/base/journal.log'));
  return { records, options, close: () => venue.server.stop() };
}

/** Some records changed, removed, doubled or moved. */
function spoil(records: readonly Json[], rng: Rng): Json[] {
  const list = [...records];
  for (let i = 1 + rng.integer(3); i > 0 && list.length > 0; i--) {
    // The first ones say what the journal is.
    const at = chance(rng, 0.3) ? 0 : rng.integer(list.length);
    switch (rng.integer(8)) {
      case 0:
        list.splice(at, 1);
        break;
      case 1:
        list.splice(at, 0, list[rng.integer(list.length)]);
        break;
      case 2:
        list.splice(rng.integer(list.length), 0, ...list.splice(at, 1));
        break;
      default:
        list[at] = JSON.parse(JSON.stringify(mutateJson(list[at], rng, pick(rng, [0.002, 0.02, 0.2])) ?? null));
    }
  }
  return list;
}

export const journals: Surface = {
  name: 'journals',
  about:
    'journals of a right chain and a wrong shape, shown, exported, verified, replayed, reset and taken over by a bot; wrong: one that has the hash of another',
  inputs: 1_500,
  async open() {
    const storage = mkdtempSync(join(tmpdir(), 'tradernet-fuzz-'));
    const { records, options, close } = await trade(storage);
    const whole = chain(records);
    const folder = join(storage, 'bots/spoiled');
    mkdirSync(folder, { recursive: true });
    const journal = { journal: 'spoiled' };
    const context = contextOf(storage);
    const commands = [
      () => callCommand(showJournal, journal, context),
      () => callCommand(showJournal, journal, context),
      () => callCommand(exportJournal, journal, context),
      () => callCommand(verifyChain, journal, context),
      () => callCommand(verify, { ...journal, checkpoint: 'spot' }, context),
      () => callCommand(reset, { ...journal, reason: 'a drill', confirm: 'spoiled' }, context),
      // Stopped at once: what is looked at is how it takes the journal over.
      () => callCommand(paper, { ...options, ...journal }, contextOf(storage, AbortSignal.abort())),
    ];
    return {
      async attempt(rng): Promise<Outcome> {
        const changed = spoil(records, rng);
        const made = chain(changed);
        const broken = chance(rng, 0.1);
        writeFileSync(join(folder, 'journal.log'), broken ? mutateBytes(made.bytes, rng) : made.bytes);
        rmSync(join(folder, 'halt.json'), { force: true });
        try {
          if (chance(rng, 0.2)) {
            const { exitCode } = await callCommand(verifyChain, { ...journal, head: whole.head }, context);
            const same = !broken && isDeepStrictEqual(changed, records);
            return (exitCode ?? 0) === 0 && !same ? { wrong: 'a changed journal passes for the one it was' } : 'taken';
          }
          await pick(rng, commands)();
          return 'taken';
        } catch (error) {
          if (error instanceof InputError || error instanceof ExchangeError) return 'refused';
          throw error;
        }
      },
      async close() {
        await close();
        rmSync(storage, { recursive: true });
      },
    };
  },
};
