import type { Command } from './command.ts';

/** Every command, in the order of the help. Loaded only when called, so that `tradernet --help` stays quick. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ readonly commands: readonly Command[] }>;
}

export const COMMANDS: readonly Entry[] = [
  {
    name: 'demo',
    summary: 'two synthetic markets, a training on each, and what the verdict says',
    load: () => import('./demo.ts'),
  },
  { name: 'data synth', summary: 'make a synthetic market', load: () => import('./data-synth.ts') },
  {
    name: 'data import',
    summary: 'read candles or Google Trends from a CSV file',
    load: () => import('./data-import.ts'),
  },
  { name: 'data download', summary: 'fetch candles from an exchange', load: () => import('./download.ts') },
  { name: 'data list', summary: 'what the database holds', load: () => import('./data-list.ts') },
  {
    name: 'data check',
    summary: 'gaps, order and bad values of what is stored',
    load: () => import('./data-check.ts'),
  },
  { name: 'data export', summary: 'write candles to a CSV file', load: () => import('./data-export.ts') },
  { name: 'features', summary: 'write the feature table to a CSV file', load: () => import('./features.ts') },
  { name: 'train', summary: 'train an agent, or a Smurf supervisor', load: () => import('./train.ts') },
  {
    name: 'evaluate',
    summary: 'test a checkpoint on data it never saw, with a verdict',
    load: () => import('./evaluate.ts'),
  },
  { name: 'baseline', summary: 'evaluate a policy that needs no agent', load: () => import('./evaluate.ts') },
  {
    name: 'walk-forward',
    summary: 'train on several folds and seeds; what the shield does to drawdown, with intervals',
    load: () => import('./walk-forward.ts'),
  },
  {
    name: 'shield ablation',
    summary: 'what each rule of the shield costs and saves',
    load: () => import('./shield.ts'),
  },
  { name: 'shield show', summary: 'every rule and threshold of a profile', load: () => import('./shield.ts') },
  { name: 'paper', summary: 'run the bot with simulated orders', load: () => import('./paper.ts') },
  { name: 'live', summary: 'run the bot with real orders', load: () => import('./live.ts') },
  { name: 'halt', summary: 'stop a running bot: cancel, flatten, latch', load: () => import('./halt.ts') },
  { name: 'reset', summary: 'let a halted bot trade again', load: () => import('./reset.ts') },
  { name: 'journal show', summary: 'decisions of a bot, one by one', load: () => import('./journal.ts') },
  { name: 'journal export', summary: 'a journal as JSON lines', load: () => import('./journal.ts') },
  {
    name: 'journal verify',
    summary: 'is every record of a journal intact and in the chain',
    load: () => import('./journal.ts'),
  },
  {
    name: 'verify',
    summary: 'replay a journal: did live equal training, bit by bit',
    load: () => import('./verify.ts'),
  },
  {
    name: 'doctor',
    summary: 'check keys, clock, filters, data, kernels before trading',
    load: () => import('./doctor.ts'),
  },
  { name: 'rehearse', summary: 'a local exchange that breaks on purpose', load: () => import('./rehearse.ts') },
  { name: 'runs list', summary: 'every run and trial', load: () => import('./runs.ts') },
  { name: 'runs show', summary: 'one run: registration, metrics, results', load: () => import('./runs.ts') },
  {
    name: 'config show',
    summary: 'every setting with its unit, default and origin',
    load: () => import('./config-show.ts'),
  },
];
