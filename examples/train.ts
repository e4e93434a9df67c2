/**
 * Trains an agent on a synthetic market with a planted signal, judges it on the bars that it never saw, and says what
 * it came to. The same seed gives the same bytes. Usage: npm run example examples/train.ts [STORAGE]
 */
import {
  createKernels,
  evaluateRun,
  experimentSchema,
  findCheckpoint,
  NodeFileSystem,
  renderTable,
  synthesize,
  systemClock,
  trainRun,
} from 'tradernet';

// Every setting has a default; `tradernet config show` lists them. These make the training short.
const config = experimentSchema.parse({
  seed: 1,
  training: { agent: 'exact' },
  exact: { network: { filters: 8, hidden: [32, 32] } },
  shield: { profile: 'none' },
});
const context = {
  files: new NodeFileSystem(process.argv[2] ?? 'database/storage'),
  clock: systemClock,
  kernels: await createKernels(),
  codeVersion: 'example',
};
const { series } = synthesize({ bars: 16_000, seed: 1, symbol: 'SIGNAL', signal: 0.6, trends: false });

const trained = await trainRun(
  {
    series: [series],
    config,
    onProgress({ steps, totalSteps, validation }) {
      if (validation !== null) console.log(`${steps} of ${totalSteps} steps: ${validation.toFixed(3)} on validation`);
    },
  },
  context,
);
console.log(`${trained.run.name} is in the registry; best at step ${trained.best?.steps}`);

const checkpoint = findCheckpoint(trained.run.name, context);
const [evaluation] = evaluateRun({ checkpoint, series: [series], config }, context);
console.log(renderTable(evaluation));
console.log(`verdict: ${evaluation.judgement.verdict}`);
context.kernels.dispose();
