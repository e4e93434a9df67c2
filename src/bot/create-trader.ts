import type { Broker, JournalWriter } from '../broker/broker.ts';
import type { Holdings } from '../broker/holdings.ts';
import { LiveBroker } from '../broker/live.ts';
import type { Alarm } from '../broker/order-desk.ts';
import { PaperBroker } from '../broker/paper.ts';
import { Account } from '../core/account.ts';
import { type Limits, UNLIMITED } from '../decision/limits.ts';
import { DecisionMaker } from './decision-maker.ts';
import type { BotOptions, SymbolSetup } from './options.ts';
import { Trader, type TraderContext } from './trader.ts';

/** @param tag begins the client ids of the symbol's orders */
export function createTrader(
  setup: SymbolSetup,
  tag: string,
  options: BotOptions & { readonly knownUntilMs: number | null },
  context: TraderContext,
  holdings: Holdings,
  alarm: Alarm,
): Trader {
  const { timeframeMs, maxDataAgeMs } = options;
  const limits: Limits = { ...UNLIMITED, maxDataAgeMs };
  const { features, agent, shield } = setup;
  const journal: JournalWriter = { record: (entry) => context.append(entry), sync: () => context.sync() };
  const broker = createBroker(setup, tag, options, journal, holdings, alarm);
  const maker = new DecisionMaker({ account: broker.account, features, agent, shield, timeframeMs, limits });
  return new Trader({ broker, maker, shield, timeframeMs, context });
}

/** A broker with an account of its own, for the symbol of a setup. */
export function createBroker(
  setup: Pick<SymbolSetup, 'symbol' | 'market' | 'account'>,
  tag: string,
  options: Pick<BotOptions, 'kind' | 'venue' | 'clock' | 'maxDataAgeMs' | 'runId'> & {
    readonly knownUntilMs: number | null;
  },
  journal: JournalWriter,
  holdings: Holdings,
  alarm: Alarm,
): Broker {
  const { symbol, market } = setup;
  const { kind, venue, clock, maxDataAgeMs, knownUntilMs, runId } = options;
  const account = new Account(setup.account);
  if (kind === 'paper') return new PaperBroker({ symbol, account, market, journal, nowMs: () => clock.nowMs() });
  return new LiveBroker({
    symbol,
    account,
    venue,
    clock,
    journal,
    ...{ tag, runId },
    holdings,
    freshMs: maxDataAgeMs,
    knownUntilMs,
    alarm,
  });
}
