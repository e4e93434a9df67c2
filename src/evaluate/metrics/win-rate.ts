import type { Metric } from './metric.ts';

export const winRate: Metric = {
  name: 'winRate',
  label: 'Win rate',
  unit: 'share',
  better: 'higher',
  doc: 'share of closed trades that ended with a profit after costs',
  compute: ({ trades }) =>
    trades.length === 0 ? null : trades.filter((trade) => trade.profit > 0).length / trades.length,
};
