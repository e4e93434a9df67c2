/**
 * Loads a checkpoint, tries it under two shields on its validation fold and writes a report with charts. Evaluations of
 * the test fold are counted as trials; those of the validation fold are not.
 * Usage: npm run example examples/evaluate-checkpoint.ts RUN [STORAGE]
 */
import {
  createKernels,
  evaluateRun,
  experimentSchema,
  findCheckpoint,
  NodeFileSystem,
  RunRegistry,
  renderReport,
  synthesize,
  systemClock,
} from 'tradernet';

const [, , name = 'exact-SIGNAL-s1-1', storage = 'database/storage'] = process.argv;
const files = new NodeFileSystem(storage);
const context = { files, clock: systemClock, kernels: await createKernels(), codeVersion: 'example' };
const checkpoint = findCheckpoint(name, context);
console.log(`${name}: ${checkpoint.agent.kind} after ${checkpoint.agent.steps} steps`);

// The market that examples/train.ts trained on; stored candles come from CandleStore.
const { series } = synthesize({ bars: 16_000, seed: 1, symbol: 'SIGNAL', signal: 0.6, trends: false });
const run = new RunRegistry(files).open(name);
const settings = (run.registration.notes as { settings: object }).settings;

for (const profile of ['none', 'cautious'] as const) {
  const config = experimentSchema.parse({ ...settings, shield: { profile } });
  const [evaluation] = evaluateRun({ checkpoint, series: [series], config, fold: 'validation' }, context);
  const { cumulativeReturn, maxDrawdown, trades } = evaluation.subject.metrics;
  console.log(`${profile}: return ${cumulativeReturn}, maximum drawdown ${maxDrawdown}, ${trades} trades`);
  files.write(`runs/${name}/${profile}.html`, new TextEncoder().encode(renderReport(evaluation)));
}
context.kernels.dispose();
