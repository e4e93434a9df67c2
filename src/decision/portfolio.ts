/**
 * The drawdown over the sum of all symbols' equities, marked at closes. Each symbol has its own account and shield;
 * this is the one number that sees them together, and it halts them together.
 */
export class Portfolio {
  readonly #equities = new Map<string, number>();
  #maxDrawdown: number;
  peak = 0;

  /** @param maxDrawdown share of the peak at which everything halts; 0 for never */
  constructor(allocations: ReadonlyMap<string, number>, maxDrawdown: number) {
    for (const [symbol, allocation] of allocations) this.#equities.set(symbol, allocation);
    this.#maxDrawdown = maxDrawdown;
    this.peak = this.total;
  }

  /** Share of the peak at which everything halts; 0 for never. */
  get maxDrawdown(): number {
    return this.#maxDrawdown;
  }

  /** By symbol. */
  get equities(): ReadonlyMap<string, number> {
    return this.#equities;
  }

  restore(saved: {
    readonly peak: number;
    readonly maxDrawdown: number;
    readonly equities: Readonly<Record<string, number>>;
  }): void {
    for (const [symbol, equity] of Object.entries(saved.equities)) this.#equities.set(symbol, equity);
    this.peak = saved.peak;
    this.#maxDrawdown = saved.maxDrawdown;
  }

  /** A lower limit from here on; a higher one changes nothing. */
  tighten(maxDrawdown: number): void {
    this.#maxDrawdown = this.#maxDrawdown === 0 ? maxDrawdown : Math.min(this.#maxDrawdown, maxDrawdown);
  }

  /** What a person put into a symbol's account or, negative, took out of it. */
  transfer(symbol: string, value: number): void {
    this.#equities.set(symbol, this.equityOf(symbol) + value);
    this.peak += value;
  }

  get total(): number {
    let total = 0;
    for (const equity of this.#equities.values()) total += equity;
    return total;
  }

  get drawdown(): number {
    return 1 - this.total / this.peak;
  }

  equityOf(symbol: string): number {
    return this.#equities.get(symbol) ?? Number.NaN;
  }

  /** Books a symbol's equity; true where the drawdown has reached its limit. */
  mark(symbol: string, equity: number): boolean {
    this.#equities.set(symbol, equity);
    this.peak = Math.max(this.peak, this.total);
    return this.#maxDrawdown > 0 && this.drawdown >= this.#maxDrawdown;
  }

  /** A person lets it trade again: the drawdown is measured from here. */
  reset(): void {
    this.peak = this.total;
  }
}
