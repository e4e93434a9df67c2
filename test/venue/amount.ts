/** Amounts of the hostile venue: whole numbers of 1e-8, as exchanges count. Written apart from the product's decimals. */
export type Amount = bigint;

const ONE = 100_000_000n;

/** @throws Error for what isn't a plain decimal with at most 8 places */
export function amount(text: string): Amount {
  const match = /^(-?)(\d+)(?:\.(\d{1,8}))?$/.exec(text);
  if (match === null) throw new Error(`not an amount: ${text}`);
  const value = BigInt(match[2]) * ONE + BigInt((match[3] ?? '').padEnd(8, '0'));
  return match[1] === '-' ? -value : value;
}

/** Always with 8 places, as Binance writes them. */
export function text(value: Amount): string {
  const size = value < 0n ? -value : value;
  return `${value < 0n ? '-' : ''}${size / ONE}.${(size % ONE).toString().padStart(8, '0')}`;
}

/** Without trailing zeros. */
export function short(value: Amount): string {
  return text(value).replace(/\.?0+$/, '');
}

/** With so many places; what is finer is cut off. */
export function fixed(value: Amount, places: number): string {
  const whole = text(value);
  return places === 0 ? whole.slice(0, -9) : whole.slice(0, whole.length - 8 + places);
}

/** Decimal places of a step. */
export const placesOf = (step: Amount): number => short(step).split('.')[1]?.length ?? 0;

/** What a client wrote, or null where that is no plain decimal of at most 8 places. */
export function read(value: unknown): Amount | null {
  return typeof value === 'string' && /^\d+(\.\d{1,8})?$/.test(value) ? amount(value) : null;
}

/** The quotient, rounded down to 1e-8. */
export const over = (a: Amount, b: Amount): Amount => (a * ONE) / b;

/** The product of two amounts, to the last of its 16 places. */
export function exactly(a: Amount, b: Amount): string {
  const product = a * b;
  return `${product / (ONE * ONE)}.${(product % (ONE * ONE)).toString().padStart(16, '0')}`;
}

/** The product of two amounts, rounded half away from zero to 1e-8. */
export function times(a: Amount, b: Amount): Amount {
  const product = a * b;
  const half = product < 0n ? -ONE / 2n : ONE / 2n;
  return (product + half) / ONE;
}

export function isOnGrid(value: Amount, step: Amount): boolean {
  return step === 0n || value % step === 0n;
}
