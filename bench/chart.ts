/** The benchmark chart of the README: how many times as fast as PyTorch, a bar each for native and WebAssembly. */
import { type Engine, micros, type Results, WORKLOADS } from './kernel-results.ts';

const WIDTH = 720;
const LEFT = 90;
const BAR = 14;
const GROUP = 44;
const TOP = 48;

/** SVG text; readable on light and dark pages. */
export function drawChart(results: Results): string {
  const peer = results.engines.find((e) => e.id.startsWith('pytorch'));
  const find = (start: string) => results.engines.find((e) => e.id.startsWith(start) && e.threads > 1);
  const bars = [
    { name: 'native', engine: find('native'), color: '#2f81f7' },
    { name: 'WebAssembly', engine: find('wasm'), color: '#8957e5' },
  ].filter((bar): bar is { name: string; engine: Engine; color: string } => bar.engine !== undefined);
  const ratio = (engine: Engine, workload: (typeof WORKLOADS)[number]) =>
    micros(peer, workload) / micros(engine, workload);
  const all = bars.flatMap(({ engine }) => WORKLOADS.map((workload) => ratio(engine, workload)));
  const largest = Math.max(...all.filter(Number.isFinite), 1);
  const scale = (WIDTH - LEFT - 100) / Math.sqrt(largest);
  // A square-root axis: the bars of 1 and of 15 stay readable side by side.
  const x = (value: number) => Math.sqrt(value) * scale;

  const height = TOP + WORKLOADS.length * GROUP + 24;
  const parts: string[] = [];
  WORKLOADS.forEach((workload, i) => {
    const y = TOP + i * GROUP;
    parts.push(`<text x="${LEFT - 10}" y="${y + 19}" text-anchor="end">${workload}</text>`);
    bars.forEach(({ engine, color }, j) => {
      const value = ratio(engine, workload);
      if (!Number.isFinite(value)) return;
      const top = y + j * (BAR + 2);
      parts.push(
        `<rect x="${LEFT}" y="${top}" width="${x(value).toFixed(1)}" height="${BAR}" fill="${color}" rx="2"/>`,
      );
      const label = `${value.toFixed(1)}×, ${format(micros(engine, workload))}`;
      parts.push(`<text class="small" x="${(LEFT + x(value) + 5).toFixed(1)}" y="${top + 11}">${label}</text>`);
    });
  });
  const one = (LEFT + x(1)).toFixed(1);
  const legend = bars.map(
    ({ name, color }, i) =>
      `<rect x="${LEFT + i * 120}" y="26" width="10" height="10" fill="${color}"/><text class="small" x="${LEFT + 15 + i * 120}" y="35">${name}</text>`,
  );
  const title = `Times as fast as PyTorch ${peer?.isa ?? ''} (2 threads; ${results.machine})`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">
<style>text{fill:#1f2328}.small{font-size:11px}line{stroke:#6e7781}@media (prefers-color-scheme:dark){text{fill:#e6edf3}}</style>
<text x="${LEFT}" y="16">${title}</text>
${legend.join('\n')}
<line x1="${one}" x2="${one}" y1="${TOP - 6}" y2="${height - 20}" stroke-dasharray="3 3"/>
<text class="small" x="${one}" y="${height - 6}" text-anchor="middle">PyTorch</text>
${parts.join('\n')}
</svg>
`;
}

const format = (us: number): string =>
  us < 1000 ? `${us.toFixed(us < 100 ? 1 : 0)} µs` : `${(us / 1000).toFixed(2)} ms`;
