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
/** `$9,700`, `9.700 €`, `1.92K`, `1.92 M`. */
const DRESSED = /^([+-]?)[$€£¥₩]?\s?([^\s].*?)\s?([KMBT]?)\s?[$€£¥₩]?$/i;
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
  return {
    only: { '.': 0, ',': 0 },
    example: { '.': '', ',': '' },
    ambiguous: { '.': 0, ',': 0 },
    ambiguousExample: '',
  };
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

/** Half of the last decimal that a column ever shows: what rounding may hide. Of 1.92K it is five. */
export function roundingOf(cells: Iterable<string>, mark: DecimalMark): number {
  let [decimals, thousands] = [0, 0];
  for (const cell of cells) {
    const at = cell.indexOf(mark);
    let end = at + 1;
    while (at >= 0 && cell.charCodeAt(end) >= 48 && cell.charCodeAt(end) <= 57) end++;
    decimals = Math.max(decimals, end - at - 1);
    const suffix = SUFFIXES.indexOf(cell[cell.length - 1]);
    if (suffix >= 0) thousands = Math.max(thousands, 1 + (suffix % 4));
  }
  return 0.5 * Number(`1e${3 * thousands - decimals}`);
}

const SUFFIXES = 'KMBTkmbt';
