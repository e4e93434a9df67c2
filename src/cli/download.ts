import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { CANDLE_VENUES, openCandleVenue } from '../exchange/candle-venue.ts';
import { ExchangeConnector } from '../exchange/connector.ts';
import { downloadCandles, storeSink } from '../exchange/download.ts';
import { clockFor, SERVER_OPTION } from './bot-venue.ts';
import { defineCommand } from './command.ts';
import { proposeTraining } from './hints.ts';
import { parseSymbols, parseTime, parseTimeframe } from './options.ts';
import { formatDuration, progressLine } from './progress.ts';
import { openStore } from './run-context.ts';

const day = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');

export const downloadData = defineCommand({
  options: {
    '--venue <name>': {
      doc: `the venue, by ccxt's name, such as binance${CANDLE_VENUES.map(({ name, docs }) => `; or ${name}: ${docs}`).join('')}`,
    },
    '--symbol <names>': { doc: 'such as BTC/USDT, or several separated by commas', parse: parseSymbols },
    '--timeframe <length>': { doc: 'bar length: 15m, 1h, 1d', default: '1h' },
    '--from <date>': { doc: 'first day, 2024-01-31', parse: parseTime },
    '--to <date>': { doc: 'day after the last (default: now)', parse: parseTime },
    ...SERVER_OPTION,
  },
  examples: ['tradernet data download --venue binance --symbol BTC/USDT --from 2021-01-01'],
  async run(options, context) {
    const { venue: name, symbol: symbols, from, to, server } = options;
    if (name === undefined) throw new InputError('--venue is missing; for example --venue binance');
    if (symbols === undefined) throw new InputError('--symbol is missing; for example --symbol BTC/USDT');
    if (from === undefined) throw new InputError('--from is missing; for example --from 2021-01-01');
    const timeframeMs = parseTimeframe(options.timeframe);
    const clock = await clockFor(server, context);
    // Candles are public: no key is read.
    const own = CANDLE_VENUES.find((one) => one.name === name);
    const venue =
      own === undefined
        ? new ExchangeConnector({ venue: name, clock, keys: null, ...(server && { localUrl: server }) })
        : openCandleVenue(own, clock);
    using store = openStore(context);
    const reports: { [key: string]: Json }[] = [];
    try {
      for (const symbol of symbols) {
        const startMs = context.clock.nowMs();
        const report = await downloadCandles({
          venue,
          symbol,
          timeframeMs,
          fromMs: from,
          toMs: to ?? clock.nowMs(),
          sink: storeSink(store, { venue: name, symbol, timeframeMs }),
          clock,
          signal: context.signal,
          onProgress({ candles, atMs, fromMs, toMs, waiting }) {
            const elapsedMs = context.clock.nowMs() - startMs;
            const left = (elapsedMs * (toMs - atMs)) / (atMs - fromMs);
            context.progress(
              progressLine({
                done: atMs - fromMs,
                total: toMs - fromMs,
                unit: 'candles',
                perSecond: (candles * 1000) / Math.max(1, elapsedMs),
                leftMs: left,
                detail: waiting === null ? symbol : `${symbol}, waiting: ${waiting}`,
              }),
            );
          },
        });
        const took = formatDuration(context.clock.nowMs() - startMs);
        context.print(
          `${symbol} of ${name}: ${report.written.toLocaleString('en-US')} new, ${report.heldBefore.toLocaleString('en-US')} held before, ${Number.isNaN(report.firstMs) ? 'nothing there' : `${day(report.firstMs)} to ${day(report.lastMs)}`} in ${took}`,
        );
        for (const gap of report.gaps) context.print(`gap: ${gap.bars} bars from ${day(gap.fromMs)}`);
        reports.push({ symbol, ...report, gaps: report.gaps.map((gap) => ({ ...gap })) } as { [key: string]: Json });
      }
    } finally {
      await venue.close();
    }
    return { text: proposeTraining({ symbol: symbols[0], venue: name, timeframeMs }), json: reports };
  },
});
