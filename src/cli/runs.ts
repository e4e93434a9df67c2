import { describeStanding, summariseStanding } from '../agents/standing.ts';
import { InputError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { CHECKPOINTS } from '../experiment/run-context.ts';
import { STANDING, standingOf } from '../experiment/standing.ts';
import { hashJson, type Run, RunRegistry } from '../runs/registry.ts';
import { type Context, defineCommand } from './command.ts';

function openRegistry(context: Context): RunRegistry {
  return new RunRegistry(new NodeFileSystem(context.storage));
}

function summarise(run: Run): { [key: string]: Json } {
  const results = run.results();
  const standing = standingOf(run);
  return {
    run: run.name,
    kind: run.registration.kind,
    seed: run.registration.seed,
    registered: new Date(run.registration.registeredAtMs).toISOString(),
    configHash: hashJson(run.registration.config).slice(0, 12),
    dataHash: run.registration.dataHash.slice(0, 12),
    standing: standing === null ? null : summariseStanding(standing),
    results: results
      .filter(({ name }) => name !== STANDING)
      .map(({ name, record }) => `${name}${record.status === 'started' ? ' (unfinished)' : ''}`),
  };
}

export const listRuns = defineCommand({
  options: {},
  examples: ['tradernet runs list', 'tradernet runs list --json'],
  async run(_, context) {
    const rows = openRegistry(context).list().map(summarise);
    if (rows.length === 0) return { text: "no runs yet; 'tradernet train' makes one", json: [] };
    const width = Math.max(...rows.map((row) => String(row.run).length));
    const text = rows
      .map(
        (row) =>
          `${String(row.run).padEnd(width)}  ${row.registered}  config ${row.configHash}  ${[row.standing ?? [], row.results].flat().join(', ')}`,
      )
      .join('\n');
    return { text, json: rows };
  },
});

export const showRun = defineCommand({
  arguments: [{ name: '<run>', doc: "its name, as 'tradernet runs list' shows it" }],
  options: {},
  examples: ['tradernet runs show ppo-SYNTH-s1-1'],
  async run(_, context, [name]) {
    const run = openRegistry(context).open(name);
    const metrics = run.readMetrics();
    const results = run.results();
    const standing = standingOf(run);
    const json = {
      ...summarise(run),
      registration: run.registration as unknown as Json,
      metrics,
      results: results.map(
        ({ name: result, record }) => ({ name: result, ...record, returns: record.returns.length }) as unknown as Json,
      ),
    };
    const text = [
      JSON.stringify(run.registration, null, 2),
      ...(standing === null ? [] : describeStanding(standing)),
      `${metrics.length} metric rows${metrics.length > 0 ? `, the last: ${JSON.stringify(metrics[metrics.length - 1])}` : ''}`,
      ...results.map(
        ({ name: result, record }) =>
          `${result}: ${record.status}, ${record.returns.length} bars, ${JSON.stringify(record.figures)}`,
      ),
    ].join('\n');
    return { text, json };
  },
});

export const deleteRun = defineCommand({
  arguments: [{ name: '<run>', doc: "its name, as 'tradernet runs list' shows it" }],
  options: { '--yes': { doc: 'do it without asking' } },
  examples: ['tradernet runs delete ppo-SYNTH-s1-1 --yes'],
  async run(options, context, [name]) {
    const registry = openRegistry(context);
    registry.open(name);
    const typed = options.yes ? name : await context.ask(`type ${name} to delete its checkpoints and curves: `);
    if (typed !== name) throw new InputError(`${name}: nothing was deleted; type its name, or give --yes`);
    const looks = registry.delete(name, context.clock.nowMs());
    new NodeFileSystem(context.storage).remove(`${CHECKPOINTS}/${name}`);
    const counted = looks === 0 ? '' : `; its ${looks} look${looks === 1 ? '' : 's'} at test folds stay counted`;
    return { text: `${name}: deleted${counted}`, json: { run: name, looks } };
  },
});
