/** What the kernels' benchmarks measure and keep: workloads, results, and the ratios that tell a regression. */
export const WORKLOADS = ['INF-1', 'INF-16', 'PPO-64', 'PPO-256', 'PPO-1024', 'DQN-64', 'DQN-256'] as const;
export type Workload = (typeof WORKLOADS)[number];

/** Floating-point operations of one call; see the shapes in SPEC: forward and backward of each network that learns. */
const MEGAFLOPS: Partial<Record<Workload, number>> = {
  'PPO-64': 2.166 * 64,
  'PPO-256': 2.166 * 256,
  'PPO-1024': 2.166 * 1024,
  'DQN-64': 1.462 * 64,
  'DQN-256': 1.462 * 256,
};

/** What one process prints. */
export interface Round {
  readonly name: string;
  readonly isa: string;
  readonly threads: number;
  readonly micros: Partial<Record<Workload, number>>;
  readonly peakGflops?: number;
  readonly adam?: Record<string, string>;
  readonly blas?: string;
}

export interface Engine {
  readonly id: string;
  readonly isa: string;
  readonly threads: number;
  /** Microseconds, one number a round. */
  readonly micros: Partial<Record<Workload, number[]>>;
  /** GFLOP/s on all its threads at once, one number a round. */
  readonly peakGflops: number[];
}

export interface Results {
  readonly machine: string;
  readonly cores: number;
  readonly node: string;
  readonly commit: string;
  readonly dateUtc: string;
  readonly loadBefore: number;
  readonly pytorch: string;
  readonly engines: Engine[];
}

export const median = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : [...values].sort((a, b) => a - b)[values.length >> 1];

/** Median microseconds of a workload; NaN where it was not measured. */
export const micros = (engine: Engine | undefined, workload: Workload): number =>
  median(engine?.micros[workload] ?? []);

/** Share of the engine's own multiply-add peak that a workload reaches; NaN where it has no flop count. */
export function shareOfPeak(engine: Engine, workload: Workload): number {
  return (MEGAFLOPS[workload] ?? Number.NaN) / micros(engine, workload) / (median(engine.peakGflops) / 1000);
}

/** What must not get worse: speed against PyTorch and against WebAssembly, and the share of the peak. */
export function ratios({ engines }: Results): Map<string, number> {
  const find = (start: string) => engines.find((e) => e.id.startsWith(start) && e.threads !== 1);
  const [native, wasm, peer] = [find('native'), find('wasm'), engines.find((e) => e.id.startsWith('pytorch'))];
  const result = new Map<string, number>();
  const put = (name: string, value: number) => Number.isFinite(value) && result.set(name, value);
  for (const workload of WORKLOADS) {
    put(`${workload}: native against pytorch`, micros(peer, workload) / micros(native, workload));
    put(`${workload}: wasm against pytorch`, micros(peer, workload) / micros(wasm, workload));
    put(`${workload}: native against wasm`, micros(wasm, workload) / micros(native, workload));
    if (native) put(`${workload}: native's share of the peak`, shareOfPeak(native, workload));
  }
  return result;
}
