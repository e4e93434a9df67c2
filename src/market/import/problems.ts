/** Something wrong, and where: line 0 concerns the whole file. */
export interface Problem {
  readonly line: number;
  readonly text: string;
  /** What `drop` and `fill` do: leave the row out, or put it right. */
  readonly remedy: 'drop' | 'mend';
}

/** Problems that are kept with their text; the rest are counted. */
const KEPT = 1000;
/** How many lines a message names, more where there are more kinds. */
const NAMED = 3;
const NAMED_KINDS = 6;

/** What is wrong with a file: the first thousand with their lines, and all by number. */
export class Problems {
  readonly #kept: Problem[] = [];
  /** The first of each kind. */
  readonly #kinds = new Map<string, Problem>();
  count = 0;

  /** `kind` groups problems of one cause, so that a message can name each cause. */
  add(kind: string, problem: Problem): void {
    this.count++;
    if (this.#kept.length < KEPT) this.#kept.push(problem);
    if (!this.#kinds.has(kind)) this.#kinds.set(kind, problem);
  }

  /** By line; beyond a thousand only the first of each kind. */
  list(): Problem[] {
    const all = new Set([...this.#kept, ...this.#kinds.values()]);
    return [...all].sort((a, b) => a.line - b.line);
  }

  /** `20 problems: line 7: ...; line 9: ...; and 18 more`: the first of each kind, at least three lines. */
  describe(): string {
    const named = new Set([...this.#kinds.values()].slice(0, NAMED_KINDS));
    for (const problem of this.#kept.toSorted((a, b) => a.line - b.line)) {
      if (named.size >= NAMED) break;
      named.add(problem);
    }
    const lines = [...named].sort((a, b) => a.line - b.line);
    const texts = lines.map(({ line, text }) => (line > 0 ? `line ${line}: ${text}` : text));
    const rest = this.count - lines.length;
    const total = this.count === 1 ? '1 problem' : `${this.count} problems`;
    return `${total}: ${texts.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
  }
}
