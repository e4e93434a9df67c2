/** The one SVG helper: paths for small charts, in a box of 1000 x 200 that stretches. */
export const WIDTH = 1000;
export const HEIGHT = 200;

export interface Scale {
  readonly min: number;
  readonly max: number;
}

/** Around all values, with what must be in sight and a margin. */
export function scaleOf(lists: readonly (readonly number[])[], include: readonly number[] = [], margin = 0.06): Scale {
  let min = Math.min(...include);
  let max = Math.max(...include);
  for (const list of lists)
    for (const value of list) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  if (!Number.isFinite(min)) return { min: -1, max: 1 };
  const room = (max - min) * margin || Math.abs(max) * margin || 1;
  return { min: min - room, max: max + room };
}

export function at(value: number, { min, max }: Scale): number {
  return HEIGHT - ((value - min) / (max - min)) * HEIGHT;
}

/** A line through (x, y), x being 0..1 of the width. */
export function line(points: readonly (readonly [x: number, y: number])[], scale: Scale): string {
  return points
    .map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${(x * WIDTH).toFixed(1)} ${at(y, scale).toFixed(1)}`)
    .join('');
}

/** The same, for values at equal distances. */
export function lineOf(values: readonly number[], scale: Scale): string {
  return line(
    values.map((value, i) => [i / Math.max(1, values.length - 1), value]),
    scale,
  );
}

/** The space between two lines at equal distances. */
export function bandOf(lower: readonly number[], upper: readonly number[], scale: Scale): string {
  const back = upper.map((value, i) => [i / Math.max(1, upper.length - 1), value] as const).reverse();
  return `${lineOf(lower, scale)}${line(back, scale).replace('M', 'L')}Z`;
}

/** Round values inside a scale, about `count` of them. */
export function ticks({ min, max }: Scale, count = 4): number[] {
  const raw = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((size) => size >= raw) ?? raw;
  const out: number[] = [];
  for (let value = Math.ceil(min / step - 1e-9) * step; value <= max + 1e-9 * step; value += step)
    out.push(Math.abs(value) < 1e-12 * step ? 0 : value);
  return out;
}
