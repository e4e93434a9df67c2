import { basename } from 'node:path';
import { describeStanding } from '../agents/index.ts';
import { InputError } from '../core/errors.ts';
import { isResting } from '../experiment/evaluate-run.ts';
import { exportOnnx } from '../onnx/export-agent.ts';
import { openNamedCheckpoint, requireFlag } from './checkpoints.ts';
import { defineCommand } from './command.ts';
import { OPTIONS } from './options.ts';
import { openRunContext } from './run-context.ts';
import { requireWritable, writeUserFile } from './user-files.ts';

export const exportAgent = defineCommand({
  options: {
    ...OPTIONS.checkpoint,
    '--format <name>': { doc: 'of the file', choices: ['onnx'] as const, default: 'onnx' },
    '--out <file>': { doc: 'where to' },
    '--force': { doc: 'also an agent whose gate is closed' },
  },
  examples: ['tradernet export --checkpoint ppo-SYNTH-s1-1 --out agent.onnx --force'],
  async run(options, context) {
    const name = requireFlag(options.checkpoint, '--checkpoint', "'tradernet runs list' shows the runs");
    const out = requireWritable(
      context,
      requireFlag(options.out, '--out', 'say which file to write: --out agent.onnx'),
      '--out',
    );
    const runContext = await openRunContext({ threads: 1, kernels: undefined }, context);
    try {
      const checkpoint = openNamedCheckpoint(name, runContext, context);
      const { standing, agent, weights } = checkpoint;
      if (standing !== null && isResting(checkpoint, options.force))
        throw new InputError(`${name}: ${describeStanding(standing).join('; ')}; --force writes it all the same`);
      const bytes = exportOnnx(agent, { checkpoint: weights });
      writeUserFile(context, out, bytes);
      const { window, columns, accountColumns } = agent.spec;
      const seen = `${window} bars of ${columns.length} columns${accountColumns.length > 0 ? ` and ${accountColumns.length} of the account` : ''}`;
      return {
        text: `${basename(out)}: ${agent.kind}, ${seen}, ${bytes.length.toLocaleString('en-US')} bytes`,
        json: {
          out,
          agent: agent.kind,
          window,
          columns: [...columns],
          accountColumns: [...accountColumns],
          bytes: bytes.length,
        },
      };
    } finally {
      runContext.kernels.dispose();
    }
  },
});
