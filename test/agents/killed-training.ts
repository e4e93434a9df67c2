/** A training as a process of its own, to be killed: `node killed-training.ts FOLDER KIND`. Resumes what it finds. */
import { hasCheckpoint, type LearnerName } from '../../src/agents/index.ts';
import { NodeFileSystem } from '../../src/disk/node-file-system.ts';
import { createKernels } from '../../src/nn/index.ts';
import { CASES } from './agent-cases.ts';
import { makeAgent, makeTradingEnv, trainHere } from './made-agents.ts';

const [folder, kind] = process.argv.slice(2) as [string, LearnerName];
const files = new NodeFileSystem(folder);
const kernels = await createKernels({ threads: 1 });
const env = makeTradingEnv(CASES[kind].environments, kind);
const agent = makeAgent(kind, kernels, env, { config: CASES[kind].small });
process.stdout.write('going\n');
await trainHere({
  ...{ agent, env, steps: 4000, files, folder: 'run', resume: hasCheckpoint(files, 'run/last') },
  ...{ checkpointEvery: 60, validateEvery: 300, validate: () => agent.steps * (agent.steps % 600 === 0 ? 1 : 0.5) },
});
kernels.dispose();
process.stdout.write('finished\n');
