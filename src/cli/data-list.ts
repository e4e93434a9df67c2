import type { Json } from '../core/json.ts';
import { defineCommand } from './command.ts';
import { formatTimeframe } from './options.ts';
import { openStore } from './run-context.ts';
import { day, plural } from './stored-series.ts';

export const listData = defineCommand({
  options: {},
  examples: ['tradernet data list'],
  async run(_, context) {
    using store = openStore(context);
    const rows = store.list();
    if (rows.length === 0)
      return { text: "the database is empty; 'tradernet data synth' or 'data import' adds to it", json: [] };
    const cells = rows.map((row) => [
      ...[row.venue, row.symbol, formatTimeframe(row.timeframeMs), row.bars.toLocaleString('en-US')],
      `${day(row.fromMs)} .. ${day(row.toMs)}`,
      [
        row.missing > 0 ? `${plural(row.missing, 'bar')} missing` : 'no gaps',
        ...(row.filled > 0 ? [`${row.filled} filled`] : []),
        ...(row.trades ? ['trade counts'] : []),
        ...(row.trends > 0 ? [plural(row.trends, 'trend score')] : []),
      ].join(', '),
    ]);
    const widths = cells[0].map((_cell, i) => Math.max(...cells.map((row) => row[i].length)));
    const text = cells
      .map((row) =>
        row
          .map((cell, i) => cell.padEnd(widths[i]))
          .join('  ')
          .trimEnd(),
      )
      .join('\n');
    return { text, json: rows as unknown as Json };
  },
});
