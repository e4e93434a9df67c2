/** Exports of Google Trends. Truth: the scores that were written; a row that was not spoiled comes out as it went in. */
import { InputError } from '../../src/core/errors.ts';
import { readTrendsCsv } from '../../src/market/trends-csv.ts';
import { chance, mutateBytes, pick } from './mutate.ts';
import type { Outcome, Surface } from './surface.ts';

const DAY_MS = 86_400_000;

export const trends: Surface = {
  name: 'trends',
  about: 'exports of Google Trends, rows spoiled; wrong: a score that the file does not hold',
  inputs: 25_000,
  open: () => ({
    attempt(rng): Outcome {
      const periodMs = pick(rng, [DAY_MS, 7 * DAY_MS]);
      const startMs = Date.UTC(2016 + rng.integer(8), rng.integer(12), 1 + rng.integer(28));
      const rows = Array.from({ length: 12 + rng.integer(60) }, (_, i) => {
        const score = rng.integer(101);
        const cell = score === 0 ? pick(rng, ['0', '<1', '< 1', 'moins de 1']) : String(score);
        return {
          timeMs: startMs + i * periodMs,
          score,
          cells: [new Date(startMs + i * periodMs).toISOString().slice(0, 10), cell],
        };
      });
      const spoiled = new Set<number>();
      for (let i = rng.integer(4); i > 0; i--) {
        const row = pick(rng, rows);
        spoiled.add(row.timeMs);
        row.cells[rng.integer(2)] = pick(rng, [
          '',
          '-1',
          '101',
          '1e3',
          'abc',
          '50.5',
          '<2',
          '2020-13-45',
          '"',
          '\0',
          ' 7 ',
        ]);
      }
      const header = pick(rng, [
        'Week,bitcoin: (Worldwide)',
        'Day,bitcoin: (Worldwide)',
        'Time,Bitcoin',
        'Semaine,bitcoin',
      ]);
      const banner = chance(rng, 0.7) ? 'Category: All categories\n\n' : '';
      const text = `${chance(rng, 0.1) ? '\ufeff' : ''}${banner}${header}\n${rows.map(({ cells }) => cells.join(',')).join(pick(rng, ['\n', '\r\n']))}\n`;
      const bytes = new TextEncoder().encode(text);
      const broken = chance(rng, 0.3);
      try {
        const found = readTrendsCsv(broken ? mutateBytes(bytes, rng) : bytes, 'x.csv').trends;
        for (const { timeMs, value } of found) {
          if (!(value >= 0 && value <= 100)) return { wrong: `a score of ${value} at ${timeMs}` };
          if (broken || spoiled.has(timeMs)) continue;
          const row = rows.find((one) => one.timeMs === timeMs);
          if (row === undefined && spoiled.size === 0)
            return { wrong: `a score at ${timeMs}, where the file has none` };
          if (row !== undefined && row.score !== value)
            return { wrong: `${value} at ${timeMs}, where the file has ${row.score}` };
        }
        return 'taken';
      } catch (error) {
        if (error instanceof InputError) return 'refused';
        throw error;
      }
    },
  }),
};
