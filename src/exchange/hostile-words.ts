/**
 * What an answer of a venue must not hold, since ccxt would do itself harm with it. ccxt files a venue's words (symbols,
 * currencies, fee rates, client ids) as keys of plain objects: one that every object knows, such as `__proto__` or
 * `constructor`, reaches `Object.prototype` there and changes every object of the process. And it counts in whole numbers
 * of any length: 1e99999999 is a hundred million digits to it. No venue has reason to send one.
 */

/** Deeper than any venue's answer; what recurses over it stays within its stack. */
const DEEPEST = 64;
/** A number of a hundred thousand digits and more. An id that looks so is longer, or has no point. */
const HUGE = /^[+-]?(?:\d{1,12}|\d*\.\d*)e[+-]?\d{6,}$/i;

/** What is wrong with an answer, in words; null where nothing is. */
export function hostileWord(value: unknown): string | null {
  const left: [value: unknown, depth: number][] = [[value, 0]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [node, depth] = next;
    if (typeof node === 'string') {
      if (node in Object.prototype) return 'it names what every object has';
      if (HUGE.test(node)) return 'it holds a number of too many digits';
    }
    if (typeof node !== 'object' || node === null) continue;
    if (depth > DEEPEST) return 'it is nested too deep';
    for (const name of Object.keys(node)) {
      if (name in Object.prototype) return 'it names what every object has';
      left.push([(node as Record<string, unknown>)[name], depth + 1]);
    }
  }
  return null;
}
