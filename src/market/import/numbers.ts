/**
 * Numbers as exports write them. What a comma or a point means is a property of the file, found out from all of its
 * numbers: `1,234` is a thousand and more in one country, one and a bit in another.
 */
export const DECIMAL_MARKS = ['.', ','] as const;
export type DecimalMark = (typeof DECIMAL_MARKS)[number];

const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Groups of three, as in 1,234,567.8 or 1 234 567.8; or of two after the last three, as in 12,34,567.8. */
const GROUPED = /^[+-]?[1-9]\d{0,2}(?:([,'’ \u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?$/;
const LAKHS = /^[+-]?[1-9]\d?(?:,\d{2})+,\d{3}(?:\.\d+)?$/;
/** `$9,700`, `1.92K`, `1.92 M`. */
const DRESSED = /^([+-]?)[$€£¥₩]?\s?([^\s].*?)\s?([KMBT]?)$/i;
const EXPONENTS: Record<string, string> = { '': '', K: 'e3', M: 'e6', B: 'e9', T: 'e12' };

/** A cell as a number where `mark` is the decimal mark; NaN where it's none. */
export function parseNumber(cell: string, mark: DecimalMark): number {
  if (mark === '.' && PLAIN.test(cell)) return Number(cell);
  const text = cell.trim();
  const swapped = mark === '.' ? text : text.replaceAll(/[.,]/g, (one) => (one === '.' ? ',' : '.'));
  const bare = parseBare(swapped);
  if (!Number.isNaN(bare)) return bare;
  const dressed = DRESSED.exec(swapped);
  if (dressed === null || /[eE]/.test(dressed[2])) return Number.NaN;
  const value = parseBare(dressed[1] + dressed[2]);
  // In decimal, so that 1.92K is 1920 to the last bit.
  return Number.isNaN(value) ? value : Number(`${value}${EXPONENTS[dressed[3].toUpperCase()]}`);
}

function parseBare(text: string): number {
  if (PLAIN.test(text)) return Number(text);
  if (GROUPED.test(text) || LAKHS.test(text)) return Number(text.replaceAll(/[,'’ \u00a0\u202f]/g, ''));
  return Number.NaN;
}

/** What the numbers of a file say about its decimal mark. */
export interface MarkEvidence {
  /** Cells that are numbers with that mark alone; and the first of them. */
  readonly only: Record<DecimalMark, number>;
  readonly example: Record<DecimalMark, string>;
  /** Cells that are different numbers with either mark, by the mark they hold; and the first of them. */
  readonly ambiguous: Record<DecimalMark, number>;
  ambiguousExample: string;
}

export function newEvidence(): MarkEvidence {
  return { only: { '.': 0, ',': 0 }, example: { '.': '', ',': '' }, ambiguous: { '.': 0, ',': 0 }, ambiguousExample: '' };
}

/** Adds a cell; one that is no number either way, or the same number both ways, says nothing. */
export function weighCell(evidence: MarkEvidence, cell: string): void {
  if (!cell.includes(',') && !cell.includes('.')) return;
  const [point, comma] = [parseNumber(cell, '.'), parseNumber(cell, ',')];
  if (point === comma || (Number.isNaN(point) && Number.isNaN(comma))) return;
  if (Number.isNaN(point) || Number.isNaN(comma)) {
    const mark = Number.isNaN(point) ? ',' : '.';
    if (evidence.only[mark]++ === 0) evidence.example[mark] = cell;
  } else {
    if (evidence.ambiguousExample === '') evidence.ambiguousExample = cell;
    evidence.ambiguous[cell.includes(',') ? ',' : '.']++;
  }
}

/** Half of the last decimal that a column ever shows: what rounding may hide. */
export function roundingOf(cells: Iterable<string>, mark: DecimalMark): number {
  let decimals = 0;
  for (const cell of cells) {
    const at = cell.indexOf(mark);
    if (at >= 0) decimals = Math.max(decimals, /^\d*/.exec(cell.slice(at + 1))![0].length);
    // 1.92K is rounded to tens.
    const suffix = at >= 0 && /[KMBT]\s*$/i.test(cell);
    if (suffix) return 0.5 * Number(`1${EXPONENTS[cell.trim().slice(-1).toUpperCase()]}`) / 100;
  }
  let half = 0.5;
  for (let i = 0; i < decimals; i++) half /= 10;
  return half;
}
