import { ACTION_NAMES } from '../core/action.ts';
import type { Bot } from './bot.ts';
import type { BotEntry } from './entries.ts';
import { Histogram } from './histogram.ts';

/** What /health and /metrics tell of a running bot. Fed with its entries; holds no key and no order id. */
export class BotStatus {
  readonly decide = new Histogram();
  readonly sync = new Histogram();
  readonly #counts = new Map<string, number>();
  readonly #bot: Bot;
  readonly #nowMs: () => number;
  readonly #startMs: number;

  constructor(bot: Bot, nowMs: () => number) {
    this.#bot = bot;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  count(entry: BotEntry): void {
    this.#add(`tradernet_entries_total{type="${entry.type}"}`);
    if (entry.type === 'alarm') this.#add(`tradernet_alarms_total{code="${entry.code}"}`);
    if (entry.type === 'decision') {
      const { final } = entry.record.shield;
      this.#add(`tradernet_actions_total{symbol="${entry.symbol}",action="${ACTION_NAMES[final]}"}`);
    }
  }

  /** Healthy where every symbol was decided on when it should have been, and nothing is halted or unresolved. */
  health(): { readonly healthy: boolean; readonly text: string } {
    const nowMs = this.#nowMs();
    const { silent } = this.#bot;
    const symbols = this.#bot.traders.map(({ symbol, broker, lastTimeMs, limits: { paused } }) => {
      return { symbol, stale: silent.includes(symbol), unresolved: broker.unresolved, paused, lastBarMs: lastTimeMs };
    });
    const { halted, journalHead } = this.#bot;
    const healthy = halted === null && symbols.every(({ stale, unresolved }) => !stale && unresolved === null);
    return {
      healthy,
      text: `${JSON.stringify({ healthy, halted, uptimeMs: nowMs - this.#startMs, journalHead, symbols })}\n`,
    };
  }

  /** The Prometheus text format, version 0.0.4. */
  metrics(): string {
    const { portfolio, traders, halted } = this.#bot;
    const lines = [
      '# TYPE tradernet_up gauge',
      'tradernet_up 1',
      '# TYPE tradernet_halted gauge',
      `tradernet_halted ${halted === null ? 0 : 1}`,
      '# TYPE tradernet_equity_quote gauge',
      ...traders.map(({ symbol, broker }) => `tradernet_equity_quote{symbol="${symbol}"} ${broker.account.equity}`),
      '# TYPE tradernet_position_base gauge',
      ...traders.map(({ symbol, broker }) => `tradernet_position_base{symbol="${symbol}"} ${broker.account.position}`),
      '# TYPE tradernet_unresolved gauge',
      ...traders.map(
        ({ symbol, broker }) => `tradernet_unresolved{symbol="${symbol}"} ${broker.unresolved === null ? 0 : 1}`,
      ),
      '# TYPE tradernet_last_bar_seconds gauge',
      ...traders.map(({ symbol, lastTimeMs }) => `tradernet_last_bar_seconds{symbol="${symbol}"} ${lastTimeMs / 1000}`),
      '# TYPE tradernet_portfolio_drawdown gauge',
      `tradernet_portfolio_drawdown ${portfolio.drawdown}`,
      ...this.decide.lines('tradernet_decide_milliseconds'),
      ...this.sync.lines('tradernet_journal_sync_milliseconds'),
      ...[...this.#counts].sort().map(([name, count]) => `${name} ${count}`),
    ];
    return `${lines.join('\n')}\n`;
  }

  #add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}
