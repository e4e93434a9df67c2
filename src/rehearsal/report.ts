import type { RehearsalReport } from './server.ts';

/** The report for people: what was injected, what the bot did, and whether anything was done twice. */
export function formatReport(report: RehearsalReport): string {
  const count = (names: readonly string[]) => {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts]
      .sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
      .map(([name, times]) => `  ${name.padEnd(26)} ${times}`);
  };
  const balances = Object.entries(report.balances).map(
    ([currency, { free, locked }]) => `${free} ${currency}${locked === '0' ? '' : ` (+ ${locked} held)`}`,
  );
  return [
    `injected: ${report.injections.length}`,
    ...count(report.injections.map((injection) => injection.kind)),
    `asked of the venue: ${Object.values(report.requests).reduce((sum, times) => sum + times, 0)} requests`,
    ...Object.entries(report.requests).map(([name, times]) => `  ${name.padEnd(26)} ${times}`),
    `orders: ${report.orders.length}, fills: ${report.fills}`,
    ...count(report.orders.map((order) => `${order.side} ${order.type} ${order.status}`)),
    `balances: ${balances.join(', ')}`,
    report.duplicates.length === 0 ? 'no order was placed twice' : `PLACED TWICE: ${report.duplicates.join(', ')}`,
  ].join('\n');
}
