/**
 * Arithmetic on decimal strings, exact, for amounts and prices on their way to and from a venue. A value is
 * `units / 10^scale` with `units` a BigInt. Results carry no exponent and no trailing zeros, so equal values are equal
 * strings.
 */

interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const shape = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Whether a text is a finite decimal number. */
export function isDecimal(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 200 && shape.test(text);
}

function parse(text: string): Decimal {
  const match = text.length <= 200 ? shape.exec(text) : null;
  if (match === null) throw new RangeError(`not a decimal number: ${JSON.stringify(text.slice(0, 40))}`);
  const fraction = match[3] ?? '';
  const exponent = match[4] === undefined ? 0 : Number(match[4]);
  let units = BigInt(match[2] + fraction);
  if (match[1] === '-') units = -units;
  const scale = fraction.length - exponent;
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

function format({ units, scale }: Decimal): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  const text = fraction === '' ? whole : `${whole}.${fraction}`;
  return units < 0n ? `-${text}` : text;
}

/** Both values in units of one scale. */
function align(a: string, b: string): { left: bigint; right: bigint; scale: number } {
  const x = parse(a);
  const y = parse(b);
  const scale = Math.max(x.scale, y.scale);
  return { left: x.units * 10n ** BigInt(scale - x.scale), right: y.units * 10n ** BigInt(scale - y.scale), scale };
}

/** The same value in the one form that all functions here return. */
export function canonicalDecimal(text: string): string {
  return format(parse(text));
}

/** The shortest decimal that reads back as this float64; throws RangeError where it isn't finite. */
export function decimalOf(value: number): string {
  return format(parse(String(value)));
}

export function addDecimals(a: string, b: string): string {
  const { left, right, scale } = align(a, b);
  return format({ units: left + right, scale });
}

export function subtractDecimals(a: string, b: string): string {
  const { left, right, scale } = align(a, b);
  return format({ units: left - right, scale });
}

export function multiplyDecimals(a: string, b: string): string {
  const x = parse(a);
  const y = parse(b);
  return format({ units: x.units * y.units, scale: x.scale + y.scale });
}

/** a / b, cut (towards zero) to `places` decimals; throws RangeError where b is 0. */
export function divideDecimals(a: string, b: string, places: number): string {
  const { left, right } = align(a, b);
  return format({ units: (left * 10n ** BigInt(places)) / right, scale: places });
}

/** Negative, 0 or positive, as a - b is. */
export function compareDecimals(a: string, b: string): number {
  const { left, right } = align(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The largest multiple of `step` that isn't above a value of at least 0; the value itself where `step` is 0. */
export function floorToStep(value: string, step: string): string {
  const { left, right, scale } = align(value, step);
  return format({ units: right === 0n ? left : left - (left % right), scale });
}

/** The smallest multiple of `step` that isn't below a value of at least 0; the value itself where `step` is 0. */
export function ceilToStep(value: string, step: string): string {
  const { left, right, scale } = align(value, step);
  if (right === 0n || left % right === 0n) return format({ units: left, scale });
  return format({ units: left - (left % right) + right, scale });
}

export function isMultipleOf(value: string, step: string): boolean {
  const { left, right } = align(value, step);
  return right === 0n || left % right === 0n;
}
