import { parseTimeframe } from '../../src/cli/options.ts';
import type { ImportOptions, ImportPolicy } from '../../src/market/import/candles.ts';
import type { DecimalMark } from '../../src/market/import/numbers.ts';

const FLAG = /--([a-z]+(?:-[a-z]+)*) ('[^']+'|[^\s;)]+)/g;

/** The flags that a message proposes, each as the options it stands for. */
export function adviceIn(message: string): Partial<ImportOptions>[] {
  return [...message.matchAll(FLAG)].map(([text, flag, word]) => {
    const value = word.replaceAll("'", '');
    if (flag === 'columns') return { columns: value.split(',') };
    if (flag === 'decimal') return { decimal: value as DecimalMark };
    if (flag === 'time-format') return { timeFormat: value };
    if (flag === 'time-zone') return { timeZone: value };
    if (flag === 'volume') return { volume: value as 'base' | 'quote' };
    if (flag === 'symbol') return { symbol: value.replace(/,$/, '') };
    if (flag === 'policy') return { policy: value as ImportPolicy };
    if (flag === 'timeframe') return { timeframeMs: parseTimeframe(value) };
    if (flag === 'day-start') {
      const [hours, minutes] = value.split(':').map(Number);
      return { dayStartMs: (60 * hours + minutes) * 60_000 };
    }
    throw new Error(`'${text}' is advice that no test knows how to follow`);
  });
}
