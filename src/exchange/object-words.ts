/**
 * ccxt files a venue's words (symbols, currencies, fee rates, client ids) as keys of plain objects. A word that every
 * object knows, such as `__proto__` or `constructor`, reaches `Object.prototype` there and changes every object of the
 * process. No venue has reason to send one.
 */

/** Deeper than any venue's answer; what recurses over it stays within its stack. */
const DEEPEST = 64;

/** Whether a word that every object knows stands anywhere in `value`, as a name or as a text, or nothing is that deep. */
export function holdsObjectWord(value: unknown): boolean {
  const left: [value: unknown, depth: number][] = [[value, 0]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [node, depth] = next;
    if (typeof node === 'string' && node in Object.prototype) return true;
    if (typeof node !== 'object' || node === null) continue;
    if (depth > DEEPEST) return true;
    for (const name of Object.keys(node)) {
      if (name in Object.prototype) return true;
      left.push([(node as Record<string, unknown>)[name], depth + 1]);
    }
  }
  return false;
}
