/** Upper edges of the buckets, in milliseconds. */
const EDGES = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000];

/** Counts of durations, as Prometheus wants them. */
export class Histogram {
  readonly #buckets = new Float64Array(EDGES.length);
  #sum = 0;
  #count = 0;

  add(ms: number): void {
    this.#sum += ms;
    this.#count++;
    for (let i = 0; i < EDGES.length; i++) if (ms <= EDGES[i]) this.#buckets[i]++;
  }

  lines(name: string): string[] {
    return [
      `# TYPE ${name} histogram`,
      ...EDGES.map((edge, i) => `${name}_bucket{le="${edge}"} ${this.#buckets[i]}`),
      `${name}_bucket{le="+Inf"} ${this.#count}`,
      `${name}_sum ${this.#sum}`,
      `${name}_count ${this.#count}`,
    ];
  }
}
