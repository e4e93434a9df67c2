import { jumpOf, type PriceColumns, type Values } from './find-prices.ts';
import type { Found } from './find-time.ts';
import { DECIMAL_MARKS, type DecimalMark, newEvidence, parseNumber, weighCell } from './numbers.ts';
import type { Sample } from './sample.ts';

/** Share of the numbers that may be written against the file's own mark: typing errors. */
const STRAY = 0.01;

/**
 * What a comma and a point mean in this file's numbers: from those that can be read in one way only, else from which
 * way gives bars that make sense beside their neighbours.
 */
export function findMark(
  sample: Sample,
  delimiter: string | null,
  taken: readonly number[],
  readingOf: (mark: DecimalMark) => { readonly values: Values; readonly prices: PriceColumns | null },
): Found<DecimalMark> {
  const found = (value: DecimalMark, ...notes: string[]) => ({ value, notes, issues: [] });
  // Typed values have no mark but the one they are shown with here.
  if (delimiter === null) return found('.');
  const evidence = newEvidence();
  const columns = sample.titles.map((_, at) => at).filter((at) => !taken.includes(at) && isNumeric(sample, at));
  for (const { cells } of sample.rows) for (const at of columns) weighCell(evidence, cells[at]);
  const { only, example, ambiguous, ambiguousExample } = evidence;
  const certain = only['.'] + only[','];
  for (const mark of DECIMAL_MARKS)
    if (only[mark] > 0 && certain - only[mark] <= STRAY * certain)
      return mark === '.'
        ? found(mark)
        : found(mark, `numbers are read with a decimal comma, as '${example[mark]}' must be`);
  if (certain > 0)
    return {
      value: null,
      notes: [],
      issues: [
        `numbers are written in two ways ('${example['.']}' and '${example[',']}'); write all with a decimal point`,
      ],
    };
  if (ambiguous[','] === 0 && (ambiguous['.'] === 0 || delimiter === ',')) return found('.');

  const scores = DECIMAL_MARKS.map((mark) => ({ mark, bad: badness(readingOf(mark)) }));
  const [better, worse] = scores.toSorted((a, b) => a.bad - b.bad);
  if (better.bad === 0 && worse.bad > 0)
    return found(
      better.mark,
      `numbers are read with a decimal ${better.mark === '.' ? 'point' : 'comma'}: '${ambiguousExample}' is ${parseNumber(ambiguousExample, better.mark)}, as the bars beside it say`,
    );
  const [point, comma] = DECIMAL_MARKS.map((mark) => parseNumber(ambiguousExample, mark));
  return {
    value: null,
    notes: [],
    issues: [
      `'${ambiguousExample}' is ${point} with --decimal . and ${comma} with --decimal , and nothing in the file tells; say which`,
    ],
  };
}

function isNumeric(sample: Sample, at: number): boolean {
  const numbers = sample.rows.filter(({ cells }) =>
    DECIMAL_MARKS.some((mark) => !Number.isNaN(parseNumber(cells[at], mark))),
  );
  return 2 * numbers.length > sample.rows.length;
}

/** Bars that can't be or lie at a third or three times of the bar before: what a misread comma makes. */
function badness({ values, prices }: { readonly values: Values; readonly prices: PriceColumns | null }): number {
  if (prices === null) return Number.POSITIVE_INFINITY;
  const [open, high, low, close] = [prices.open, prices.high, prices.low, prices.close].map(values.column);
  let bad = 0;
  for (let i = 0; i < values.length; i++) {
    if (high[i] < Math.max(open[i], close[i]) || low[i] > Math.min(open[i], close[i])) bad++;
    else if (i > 0 && !(open[i] < 3 * close[i - 1] && 3 * open[i] > close[i - 1])) bad++;
    else if (high[i] > 3 * low[i]) bad++;
  }
  return jumpOf(values, prices.open, prices.close) >= 0.1 ? Number.POSITIVE_INFINITY : bad;
}
