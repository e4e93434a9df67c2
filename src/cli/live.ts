import { userInfo } from 'node:os';
import { findObstacle } from '../agents/index.ts';
import { JOURNAL_FILE } from '../bot/bot-journal.ts';
import type { NoteEntry } from '../bot/entries.ts';
import { type Candidate, CONDITIONS, checkPromotion, FIRM } from '../bot/promotion/index.ts';
import { readSetup } from '../bot/setup.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { symbolOf } from '../evaluate/looks.ts';
import { ccxtVersion } from '../exchange/ccxt.ts';
import { certificateProblem, readCertificate } from '../exchange/certificate.ts';
import { judgeAgain } from '../experiment/judge-again.ts';
import { canonicalJson, RunRegistry } from '../runs/registry.ts';
import { runSession } from './bot-run.ts';
import { openBotCheckpoint, openSession, SESSION_OPTIONS } from './bot-session.ts';
import { type Context, defineCommand, type Options, type OptionsOf } from './command.ts';
import { replayJournal } from './journal-replay.ts';
import { BOTS, readJournal, startOf } from './journals.ts';
import { openRunContext } from './run-context.ts';

const LIVE_OPTIONS = {
  ...SESSION_OPTIONS,
  '--confirm <run>': { doc: "the checkpoint's name again, where there is no terminal to type it" },
  '--override <reason>': {
    doc: `start although one of these is missing: ${CONDITIONS.map(({ name }) => name).join(', ')}`,
  },
  '--override-confirm <phrase>': { doc: 'the phrase that an override asks for, where there is no terminal' },
} satisfies Options;

type LiveOptions = OptionsOf<typeof LIVE_OPTIONS>;

type Opened = Awaited<ReturnType<typeof openSession>>;

/** Replays every paper journal of this checkpoint on this venue. Those of a rehearsal server don't count. */
async function replayPaper(
  session: Opened,
  options: LiveOptions,
  context: Context,
  open: (name: string) => ReturnType<typeof openBotCheckpoint>,
) {
  const { files } = session.place;
  const paper: Candidate['paper'][number][] = [];
  for (const name of files.list(BOTS)) {
    const place = { files, folder: `${BOTS}/${name}`, name };
    if (!files.exists(`${place.folder}/${JOURNAL_FILE}`)) continue;
    const { entries, fault } = readJournal(place);
    if (entries.length === 0 || (fault !== null && !fault.torn)) continue;
    const start = startOf(entries, name);
    const setup = readSetup(start, name);
    if (start.kind !== 'paper' || start.venue !== session.venue.name || setup.server !== null) continue;
    if (setup.checkpoint.hash !== session.checkpoint.hash) continue;
    context.say(`replaying ${name}`);
    const supervisor = setup.supervisor === null ? null : open(options.supervisor ?? setup.supervisor.name);
    const { fresh, differences } = await replayJournal(place, session.checkpoint, supervisor, context);
    paper.push({ fresh, differences: differences.length });
  }
  return paper;
}

const day = (timeMs: number) => new Date(timeMs).toISOString().slice(0, 10);

/** What these weights did on the test folds of each symbol, wherever it was registered, as it is judged today. */
function readEvaluations({
  checkpoint,
  supervisor,
  supervisorWeights,
  setup,
  place,
}: Opened): Candidate['evaluations'] {
  const { agent, weights } = checkpoint.checkpoint;
  const registry = new RunRegistry(place.files);
  const agents = [agent, ...(supervisor === null ? [] : [supervisor])];
  const records = registry.list().flatMap((run) => run.results().map(({ record }) => record));
  const judged = records
    .filter((record) => record.weights === weights)
    .map((record) => judgeAgain(record, registry, (fromMs) => findObstacle(agents, fromMs)))
    .filter((one) => one !== null);
  return Object.entries(setup.accounts).flatMap(([symbol, account]) =>
    judged
      .filter(({ market }) => symbolOf(market) === symbolOf(symbol))
      .map(({ judgement, tried, fromMs, toMs }) => ({
        ...{ symbol, verdict: judgement.verdict, reason: judgement.reason, feeRate: tried.account.feeRate },
        window: `${day(fromMs)} to ${day(toMs)}`,
        differs: [
          ...(sameJson(tried.shield, setup.shield) ? [] : ['shield']),
          ...(tried.supervisor === supervisorWeights ? [] : ['supervisor']),
          ...(SAME_ACCOUNT.every((name) => tried.account[name] === account[name]) ? [] : ['account']),
          ...(tried.account.slippageRate >= account.slippageRate ? [] : ['slippage']),
        ],
      })),
  );
}

/** Of an account, what an evaluation must have had in common with the bot; size and grid follow from venue and allocation. */
const SAME_ACCOUNT = ['mode', 'maxUnits', 'unitQuote'] as const;

const sameJson = (a: unknown, b: unknown) => canonicalJson(a as Json) === canonicalJson(b as Json);

async function fetchTakerFees({ venue, setup }: Opened): Promise<Candidate['takerFees']> {
  const fees = new Map<string, number>();
  for (const symbol of Object.keys(setup.accounts)) {
    const { takerFeeRate } = await venue.fetchMarket(symbol);
    if (takerFeeRate !== null) fees.set(symbol, Number(takerFeeRate));
  }
  return fees;
}

/** What is missing is told whole; with `--override` it is typed again, and written down. */
async function requirePromotion(candidate: Candidate, options: LiveOptions, context: Context): Promise<NoteEntry[]> {
  const missing = checkPromotion(candidate);
  if (missing.length === 0) return [];
  const list = missing.map((one) => `${one.condition}: ${one.missing}`).join('; ');
  const { override: reason } = options;
  if (reason === undefined || missing.some(({ condition }) => FIRM.has(condition)))
    throw new InputError(`the checkpoint may not trade real money yet: ${list}`);
  const phrase = 'trade without proof';
  context.say(`missing: ${list}`);
  const typed = options.overrideConfirm ?? (await context.ask(`type '${phrase}' to override: `));
  if (typed?.trim() !== phrase)
    throw new InputError(`override not confirmed; type it, or give --override-confirm '${phrase}'`);
  const numbers = { by: userInfo().username, reason, missing: missing.map(({ condition }) => condition) };
  return [{ type: 'override', timeMs: context.clock.nowMs(), code: 'promotion', numbers }];
}

/** The last word is a person's. */
async function requireConfirmation(
  { venue, setup, checkpoint }: Opened,
  options: LiveOptions,
  context: Context,
): Promise<void> {
  const money = Object.entries(setup.accounts).map(([symbol, { startingEquity }]) => `${startingEquity} for ${symbol}`);
  const question = `${venue.name}: real orders with ${money.join(', ')}\ntype '${checkpoint.name}' to start: `;
  const typed = options.confirm ?? (await context.ask(question));
  if (typed?.trim() !== checkpoint.name)
    throw new InputError(
      `live trading not confirmed; type the checkpoint's name, or give --confirm ${checkpoint.name}`,
    );
}

export const live = defineCommand({
  options: LIVE_OPTIONS,
  examples: ['tradernet live --checkpoint ppo-BTCUSDT-s1-1 --symbol BTC/USDT --venue binance'],
  async run(options, context) {
    // At a rehearsal venue and on a test network no order is real.
    const rehearsal = options.server !== undefined || options.sandbox === true;
    if (!rehearsal && !context.bot().live)
      throw new InputError(
        'live trading is switched off; set {"bot": {"live": true}} in tradernet.json once you mean it',
      );
    const runContext = await openRunContext(options, context);
    try {
      const session = await openSession('live', options, context, runContext);
      const { checkpoint, setup, venue } = session;
      if (!session.hasKeys)
        throw new InputError(
          `no keys for ${venue.name}; set TRADERNET_${venue.name.toUpperCase()}_KEY and _SECRET, or give --keys FILE`,
        );
      const notes = rehearsal
        ? []
        : await requirePromotion(
            {
              mode: (checkpoint.agent.spec.account as { mode: 'spot' | 'margin' }).mode,
              venue: venue.name,
              symbols: Object.keys(setup.accounts),
              venueTested: venue.capabilities.tested,
              certificateProblem: certificateProblem(
                readCertificate(session.place.files, venue.name),
                ccxtVersion(),
                context.clock.nowMs(),
              ),
              paper: await replayPaper(session, options, context, (name) =>
                openBotCheckpoint(name, runContext, context),
              ),
              timeframeMs: checkpoint.agent.spec.timeframeMs,
              evaluations: readEvaluations(session),
              takerFees: await fetchTakerFees(session),
              maxDrawdown: setup.maxDrawdown,
              requiredPaperDays: context.bot().paperDays,
            },
            options,
            context,
          );
      if (!rehearsal) await requireConfirmation(session, options, context);
      return await runSession({ ...session, notes: [...session.notes, ...notes] }, context);
    } finally {
      runContext.kernels.dispose();
    }
  },
});
