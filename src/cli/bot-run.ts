/** Runs a bot that was put together, with its log, alarms and status pages. */

import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { AlarmDesk } from '../bot/alarms/alarm-desk.ts';
import { Bot } from '../bot/bot.ts';
import { JOURNAL_FILE } from '../bot/bot-journal.ts';
import type { BotEntry } from '../bot/entries.ts';
import { formatLogLine, summariseEntry } from '../bot/log-line.ts';
import { isolate } from '../bot/observers.ts';
import { createSymbols } from '../bot/setup.ts';
import { BotStatus } from '../bot/status.ts';
import { writeDurably } from '../core/file-system.ts';
import type { Json } from '../core/json.ts';
import { AcceleratedClock } from '../rehearsal/accelerated-clock.ts';
import { attendChat, openChannels } from './bot-channels.ts';
import { describeEntry, summarise } from './bot-lines.ts';
import type { Session } from './bot-session.ts';
import type { Context, Output } from './command.ts';
import { lockJournal } from './journals.ts';
import { drawRunId } from './run-id.ts';
import { serveStatus } from './status-server.ts';

/** Alarms that can't be delivered hold up an end no longer than this. */
const DRAIN_MS = 15_000;

/** Runs the bot until Ctrl-C, with its log, alarms and pages. */
export async function runSession(session: Session, context: Context): Promise<Output> {
  const { place, clock, redact, setup, agent } = session;
  const settings = context.bot();
  const unlock = lockJournal(place);
  const home = join(place.files.root, place.folder);
  const logFile = join(home, 'bot.log');
  // Its owner's alone; earlier versions left them to others.
  for (const file of [logFile, join(home, JOURNAL_FILE)]) if (existsSync(file)) chmodSync(file, 0o600);
  const desk = new AlarmDesk({
    clock: context.clock,
    channels: openChannels(context),
    redact,
    onFailure: (channel, message) => log('warn', 'alarm-failed', { channel, message }),
  });
  // A watcher that fails is said once and ends nothing: neither the bot nor what another watcher is told.
  const sayFailure = (observer: string) => (message: string) =>
    desk.raise('observer-failed', { observer, message: redact(message) });
  const log = isolate(
    (level: 'info' | 'warn' | 'error', event: string, fields: Record<string, unknown>) =>
      appendFileSync(logFile, `${formatLogLine(level, event, clock.nowMs(), fields, redact)}\n`, { mode: 0o600 }),
    sayFailure('log'),
  );
  const logEntry = isolate(
    (entry: BotEntry) => log(entry.type === 'alarm' ? 'warn' : 'info', entry.type, summariseEntry(entry)),
    sayFailure('log'),
  );
  const count = isolate((entry: BotEntry) => status?.count(entry), sayFailure('status'));
  const print = isolate((entry: BotEntry) => {
    const line = describeEntry(entry);
    if (line !== null) context.print(redact(line));
  }, sayFailure('screen'));
  let bot: Bot | null = null;
  let status: BotStatus | null = null;
  let pages: Awaited<ReturnType<typeof serveStatus>> | null = null;
  const beganMs = context.clock.nowMs();
  try {
    bot = new Bot({
      kind: session.kind,
      venue: session.venue,
      clock,
      elapsedMs: () => performance.now(),
      files: place.files,
      folder: place.folder,
      id: randomBytes(4).toString('hex'),
      runId: drawRunId(),
      timeframeMs: agent.spec.timeframeMs,
      symbols: createSymbols(setup, agent, session.supervisor),
      setup: setup as unknown as Json,
      warmUpBars: setup.warmUpBars,
      maxDrawdown: setup.maxDrawdown,
      maxDataAgeMs: setup.maxDataAgeMs,
      notes: session.notes,
      // On a fast clock the network's milliseconds are seconds: wait longer, or a running candle passes for closed.
      ...(clock instanceof AcceleratedClock
        ? { graceMs: Math.min(agent.spec.timeframeMs / 8, 300 * clock.speed), deadlineMs: 10_000 * clock.speed }
        : {}),
      onEntry(entry) {
        count(entry);
        logEntry(entry);
        print(entry);
      },
      onAlarm: (code, numbers) => desk.raise(code, numbers),
      onMeasured: (stage, ms) => status?.[stage].add(ms),
    });
    status = new BotStatus(bot, () => clock.nowMs());
    if (settings.statusPort > 0) {
      const token = context.env.TRADERNET_STATUS_TOKEN ?? randomBytes(16).toString('hex');
      writeDurably(place.files, `${place.folder}/status-token`, `${token}\n`, 0o600);
      pages = await serveStatus(status, settings.statusPort, token);
      context.say(`health and metrics: http://127.0.0.1:${pages.port} (token in ${join(home, 'status-token')})`);
    }
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    context.say(`${place.name}: ${bot.resumed ? 'goes on' : 'begins'}; journal and log in ${home}`);
    const pulse = sendHeartbeats(desk, bot, settings.heartbeatMinutes, context, signal);
    const chat = attendChat(bot, context, (code, numbers) => desk.raise(code, numbers), redact, signal);
    try {
      await withLastWords(desk, redact, () => bot!.run(signal));
    } finally {
      stop.abort(new Error('the bot stopped'));
      await Promise.all([pulse, chat]);
    }
    return summarise(bot, place, context.clock.nowMs() - beganMs);
  } catch (error) {
    const message = redact(String((error as Error).message));
    desk.raise('crashed', { message });
    log('error', 'crashed', { message });
    throw redactError(error, redact);
  } finally {
    for (const { symbol, broker } of bot?.traders ?? [])
      if (broker.account.units !== 0)
        desk.raise('ended-with-position', { symbol, position: String(broker.account.position) });
    await desk.drain(DRAIN_MS);
    await pages?.close();
    await session.venue.close();
    unlock();
  }
}

/** The error as the terminal may show it, its class and its stack kept. */
function redactError(error: unknown, redact: (text: string) => string): unknown {
  if (!(error instanceof Error)) return error;
  error.message = redact(error.message);
  if (error.stack !== undefined) error.stack = redact(error.stack);
  return error;
}

/** Says now and then that decisions are made, or that they aren't: a process that is there proves nothing. */
async function sendHeartbeats(
  desk: AlarmDesk,
  bot: Bot,
  minutes: number,
  context: Context,
  signal: AbortSignal,
): Promise<void> {
  let before = 0;
  while (minutes > 0 && !signal.aborted) {
    await context.clock.sleep(minutes * 60_000, signal).catch(() => {});
    if (signal.aborted) return;
    const { portfolio, halted, silent, journalHead, traders } = bot;
    const decisions = traders.reduce((sum, trader) => sum + trader.decisions, 0);
    desk.heartbeat(
      [
        silent.length > 0 ? `NO DECISION FOR ${silent.join(', ')}` : `${decisions - before} decisions`,
        `equity ${portfolio.total.toFixed(2)}`,
        ...(halted === null ? [] : [`HALTED: ${halted}`]),
        `journal ${journalHead.slice(0, 16)}`,
      ].join(', '),
    );
    before = decisions;
  }
}

/** Has what nobody catches said before the process ends with it. */
async function withLastWords(desk: AlarmDesk, redact: (text: string) => string, work: () => Promise<void>) {
  let fail: (error: unknown) => void = () => {};
  const uncaught = new Promise<never>((_, reject) => {
    fail = (error) => {
      desk.raise('uncaught', { message: redact(error instanceof Error ? error.message : String(error)) });
      reject(error);
    };
  });
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    await Promise.race([work(), uncaught]);
  } finally {
    process.off('uncaughtException', fail);
    process.off('unhandledRejection', fail);
  }
}
