/**
 * Folders of checkpoints, made by hand: what a checkpoint.json says is changed, and where the folder's own hashes would
 * give it away they are made anew, so that the change gets as far as it can. An agent that is loaded must decide.
 */
import { createHash } from 'node:crypto';
import { isLearner, loadAgent, PPOAgent, ppoConfigSchema } from '../../src/agents/index.ts';
import { DEFAULT_ACCOUNT } from '../../src/core/account.ts';
import { InputError } from '../../src/core/errors.ts';
import type { Rng } from '../../src/core/rng.ts';
import { createKernels } from '../../src/nn/index.ts';
import { MemoryFileSystem } from '../../test/memory-file-system.ts';
import { chance, mutateBytes, mutateJson, mutateJsonText, pick } from './mutate.ts';
import type { Outcome, Surface } from './surface.ts';

const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');
const encode = (text: string) => new TextEncoder().encode(text);

const isTexts = (list: unknown): boolean => Array.isArray(list) && list.every((one) => typeof one === 'string');

/** The folder's files with something wrong in them. */
function spoil(whole: ReadonlyMap<string, Uint8Array>, rng: Rng): Map<string, Uint8Array> {
  const files = new Map(whole);
  const target = pick(rng, ['checkpoint.json', 'checkpoint.json', 'checkpoint.json', ...files.keys()]);
  const bytes = files.get(target) as Uint8Array;
  if (target !== 'checkpoint.json') {
    if (chance(rng, 0.1)) files.delete(target);
    else if (target.endsWith('.json'))
      files.set(target, encode(mutateJsonText(JSON.parse(new TextDecoder().decode(bytes)), rng)));
    else files.set(target, mutateBytes(bytes, rng));
  } else if (chance(rng, 0.2)) {
    files.set(target, encode(mutateJsonText(JSON.parse(new TextDecoder().decode(bytes)), rng)));
    return files;
  }
  const description = JSON.parse(new TextDecoder().decode(files.get('checkpoint.json')));
  const changed =
    target === 'checkpoint.json'
      ? (mutateJson(description, rng, pick(rng, [0.005, 0.02])) as typeof description)
      : description;
  if (changed === null || typeof changed !== 'object')
    files.set('checkpoint.json', encode(JSON.stringify(changed) ?? 'null'));
  else {
    const { columns, accountColumns, signature } = changed;
    if ([columns, accountColumns, [signature]].every(isTexts))
      changed.columnsHash = sha256([...columns, '', ...accountColumns, '', signature].join('\n'));
    if (changed.files !== null && typeof changed.files === 'object')
      for (const [name, content] of files) if (name in changed.files) changed.files[name] = sha256(content);
    files.set('checkpoint.json', encode(JSON.stringify(changed)));
  }
  return files;
}

export const checkpoints: Surface = {
  name: 'checkpoints',
  about: 'checkpoints made by hand, their hashes right; wrong: an agent that is loaded and decides what is no action',
  inputs: 6_000,
  async open() {
    const kernels = await createKernels({ kind: 'wasm', threads: 1 });
    const { startingEquity: _, ...account } = DEFAULT_ACCOUNT;
    const agent = new PPOAgent({
      kernels,
      seed: 1,
      config: ppoConfigSchema.parse({ network: { filters: 4, hidden: [8, 8] } }),
      spec: {
        featureSet: 'tradernet19',
        columns: ['a', 'b', 'c'],
        accountColumns: [],
        signature: 'made up',
        window: 4,
        timeframeMs: 3_600_000,
        scaler: null,
        trainingRange: null,
        origin: null,
        reward: 'market-order',
        rewardScale: 100,
        account: account as never,
      },
    });
    const whole = new Map(agent.checkpointFiles());
    return {
      attempt(rng): Outcome {
        const files = new MemoryFileSystem();
        files.mkdir('x');
        for (const [name, bytes] of spoil(whole, rng)) files.write(`x/${name}`, bytes);
        try {
          const loaded = loadAgent(files, 'x', kernels);
          const width = loaded.spec.window * (loaded.spec.columns.length + loaded.spec.accountColumns.length);
          const action = loaded.getAction({ values: new Float32Array(width), mask: Uint8Array.of(1, 1, 1) });
          if (isLearner(loaded)) loaded.dispose();
          if (![0, 1, 2].includes(action)) return { wrong: `the action ${action}` };
          return 'taken';
        } catch (error) {
          if (error instanceof InputError) return 'refused';
          throw error;
        }
      },
      close: () => kernels.dispose(),
    };
  },
};
