import type { Command } from './command.ts';

/** Every command, in the order of the help. Loaded only when called, so that `tradernet --help` stays quick. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

export const COMMANDS: readonly Entry[] = [
  {
    name: 'demo',
    summary: 'two synthetic markets, a training on each, and what the verdict says',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'data synth',
    summary: 'make a synthetic market',
    load: async () => (await import('./data-synth.ts')).synthesizeData,
  },
  {
    name: 'data import',
    summary: 'read candles from a file, or Google Trends',
    load: async () => (await import('./data-import.ts')).importData,
  },
  {
    name: 'data download',
    summary: 'fetch candles from an exchange',
    load: async () => (await import('./download.ts')).downloadData,
  },
  {
    name: 'data list',
    summary: 'what the database holds',
    load: async () => (await import('./data-list.ts')).listData,
  },
  {
    name: 'data check',
    summary: 'gaps, order and bad values of what is stored',
    load: async () => (await import('./data-check.ts')).checkData,
  },
  {
    name: 'data export',
    summary: 'write candles to a CSV file',
    load: async () => (await import('./data-export.ts')).exportData,
  },
  {
    name: 'features',
    summary: 'write the feature table to a CSV file',
    load: async () => (await import('./features.ts')).features,
  },
  {
    name: 'train',
    summary: 'train an agent, or a Smurf supervisor',
    load: async () => (await import('./train.ts')).train,
  },
  {
    name: 'evaluate',
    summary: 'test a checkpoint on data it never saw, with a verdict',
    load: async () => (await import('./evaluate.ts')).evaluate,
  },
  {
    name: 'baseline',
    summary: 'evaluate a policy that needs no agent',
    load: async () => (await import('./evaluate.ts')).baseline,
  },
  {
    name: 'reproduce published',
    summary: 'the published score of policies that know nothing, beside what they earn',
    load: async () => (await import('./reproduce.ts')).reproducePublished,
  },
  {
    name: 'portfolio',
    summary: 'a checkpoint on several symbols at once, with one limit on the drawdown of their sum',
    load: async () => (await import('./portfolio.ts')).portfolio,
  },
  {
    name: 'leak-check',
    summary: 'does a decision see what comes after it: features, a scaler, a checkpoint',
    load: async () => (await import('./leak-check.ts')).leakCheck,
  },
  {
    name: 'walk-forward',
    summary: 'train on several folds and seeds; what the shield does to drawdown, with intervals',
    load: async () => (await import('./walk-forward.ts')).walkForward,
  },
  {
    name: 'shield ablation',
    summary: 'what each rule of the shield costs and saves',
    load: async () => (await import('./shield.ts')).ablateShield,
  },
  {
    name: 'shield show',
    summary: 'every rule and threshold of a profile',
    load: async () => (await import('./shield.ts')).showShield,
  },
  { name: 'paper', summary: 'run the bot with simulated orders', load: async () => (await import('./paper.ts')).paper },
  { name: 'live', summary: 'run the bot with real orders', load: async () => (await import('./live.ts')).live },
  {
    name: 'halt',
    summary: 'stop a running bot: cancel, flatten, latch',
    load: async () => (await import('./halt.ts')).halt,
  },
  { name: 'reset', summary: 'let a halted bot trade again', load: async () => (await import('./reset.ts')).reset },
  {
    name: 'close',
    summary: "sell a bot's position now, whether or not it runs",
    load: async () => (await import('./close.ts')).close,
  },
  {
    name: 'cancel-all',
    summary: "cancel every order of a bot's at the venue",
    load: async () => (await import('./cancel-all.ts')).cancelAll,
  },
  {
    name: 'adopt',
    summary: 'let a bot take over coins of yours',
    load: async () => (await import('./adopt.ts')).adopt,
  },
  {
    name: 'abandon',
    summary: "take a bot's position over from it",
    load: async () => (await import('./adopt.ts')).abandon,
  },
  { name: 'pause', summary: 'let a bot open nothing', load: async () => (await import('./pause.ts')).pause },
  { name: 'resume', summary: 'let a paused bot open again', load: async () => (await import('./pause.ts')).resume },
  {
    name: 'tighten',
    summary: "lower a bot's limits; they are never raised again",
    load: async () => (await import('./tighten.ts')).tighten,
  },
  {
    name: 'journal show',
    summary: 'decisions of a bot, one by one',
    load: async () => (await import('./journal.ts')).showJournal,
  },
  {
    name: 'journal export',
    summary: 'a journal as JSON lines',
    load: async () => (await import('./journal.ts')).exportJournal,
  },
  {
    name: 'journal verify',
    summary: 'is every record of a journal intact and in the chain',
    load: async () => (await import('./journal.ts')).verifyChain,
  },
  {
    name: 'verify',
    summary: 'replay a journal: did live equal training, bit by bit',
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'drift',
    summary: 'what a bot earned beside the backtest of the same bars, and beside what was promised',
    load: async () => (await import('./drift.ts')).drift,
  },
  {
    name: 'doctor',
    summary: 'check keys, clock, filters, data, kernels before trading',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'rehearse',
    summary: 'a local exchange that breaks on purpose',
    load: async () => (await import('./rehearse.ts')).rehearse,
  },
  {
    name: 'dashboard',
    summary: 'a page on this machine for runs, bots and data',
    load: async () => (await import('./dashboard.ts')).dashboard,
  },
  {
    name: 'env serve',
    summary: 'the training environment for another program, over its pipes',
    load: async () => (await import('./env-serve.ts')).serveEnvironment,
  },
  {
    name: 'export',
    summary: 'write an agent as ONNX, for any runtime',
    load: async () => (await import('./export.ts')).exportAgent,
  },
  {
    name: 'plugin check',
    summary: 'does what a plugin adds keep its contract',
    load: async () => (await import('./plugin-check.ts')).checkPlugin,
  },
  { name: 'runs list', summary: 'every run and trial', load: async () => (await import('./runs.ts')).listRuns },
  {
    name: 'runs show',
    summary: 'one run: registration, metrics, results',
    load: async () => (await import('./runs.ts')).showRun,
  },
  {
    name: 'runs delete',
    summary: 'remove what a run made; its looks at test folds stay counted',
    load: async () => (await import('./runs.ts')).deleteRun,
  },
  {
    name: 'config show',
    summary: 'every setting with its unit, default and origin',
    load: async () => (await import('./config-show.ts')).showConfig,
  },
];
