/** A training as a process of its own, to be killed: `node killed-training.ts FOLDER KIND`. Resumes what it finds. */
import { hasCheckpoint } from '../../src/agents/index.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';
import { createKernels } from '../../src/nn/index.ts';
import { type Kind, makeAgent, makeTradingEnv, trainHere } from './made-agents.ts';

const CONFIG = {
  ppo: { rolloutSteps: 32, epochs: 2 },
  dqn: { learningStarts: 40, batchSize: 32, bufferSize: 300 },
  exact: { stretches: 2, stretchBars: 10, beyondBars: 10, epochs: 2 },
};

const [folder, kind] = process.argv.slice(2) as [string, Kind];
const files = new NodeFileSystem(folder);
const kernels = await createKernels({ threads: 1 });
const env = makeTradingEnv(kind === 'exact' ? 1 : 4);
const agent = makeAgent(kind, kernels, env, { config: CONFIG[kind] });
process.stdout.write('going\n');
await trainHere({
  ...{ agent, env, steps: 4000, files, folder: 'run', resume: hasCheckpoint(files, 'run/last') },
  ...{ checkpointEvery: 60, validateEvery: 300, validate: () => agent.steps * (agent.steps % 600 === 0 ? 1 : 0.5) },
});
kernels.dispose();
process.stdout.write('finished\n');
