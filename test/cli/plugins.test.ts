/**
 * Plugins through the command line: each example is loaded, keeps its contract and does its work; what was made with one
 * is refused without it; what is wrong with one is said in a line, and what breaks a contract is found.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SLOW } from '../effort.ts';
import { mustRun, runCli, TINY_TRAINING } from './run-cli.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/plugins', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tradernet-plugins-')));
beforeAll(async () => {
  await mustRun(['data', 'synth', '--symbol', 'SYNTH', '--bars', '3000', '--seed', '1'], folder);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const example = (name: string) => ['--plugin', join(EXAMPLES, `${name}.ts`)];
const TRAIN = ['train', '--symbol', 'SYNTH', '--steps', '128', ...TINY_TRAINING];
const checkpointOf = (run: string) =>
  JSON.parse(readFileSync(join(folder, 'database/storage/checkpoints', run, 'last/checkpoint.json'), 'utf8'));

/** What each example is for, seen at work. */
const WORK: Readonly<Record<string, () => Promise<void>>> = {
  async 'session-range'() {
    const flags = [...example('session-range'), '--set', 'features.set=ranged', '--json'];
    const { run } = JSON.parse(await mustRun([...TRAIN, ...flags], folder));
    const { columns, plugins } = checkpointOf(run);
    expect(columns).toContain('session_range_24');
    expect(plugins).toEqual([{ name: 'session-range', hash: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    const registration = JSON.parse(
      readFileSync(join(folder, 'database/storage/runs', run, 'registration.json'), 'utf8'),
    );
    expect(registration.config.plugins).toEqual(plugins);
    const without = await runCli(['evaluate', '--checkpoint', run], folder);
    expect([without.code, without.stderr.trim().split('\n').length]).toEqual([2, 1]);
    expect(without.stderr).toContain('was made with the plugin session-range');
    const copy = join(folder, 'session-range.ts');
    writeFileSync(copy, `${readFileSync(join(EXAMPLES, 'session-range.ts'), 'utf8')}// other\n`);
    const other = await runCli(['evaluate', '--checkpoint', run, '--plugin', copy], folder);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('the loaded one has other content')]);
    expect(
      JSON.parse(await mustRun(['evaluate', '--checkpoint', run, '--json', ...example('session-range')], folder)),
    ).toBeTruthy();
    // Named in the settings file it needs no flag, from any folder.
    const settings = join(folder, 'own.json');
    writeFileSync(settings, JSON.stringify({ plugins: [join(EXAMPLES, 'session-range.ts')] }));
    await mustRun(['evaluate', '--checkpoint', run, '--config', settings], folder);
  },
  async 'patient-reward'() {
    const flags = [...example('patient-reward'), '--agent', 'exact', '--set', 'training.reward=patient', '--json'];
    const { run } = JSON.parse(await mustRun([...TRAIN, ...flags], folder));
    expect(checkpointOf(run).reward).toBe('patient');
  },
  async 'weekend-rule'() {
    const shown = await mustRun(['shield', 'show', ...example('weekend-rule')], folder);
    expect(shown).toContain('weekend');
    const { run } = JSON.parse(await mustRun([...TRAIN, '--json'], folder));
    const rules = ['--shield', 'none', '--set', 'shield.rules={"weekend":{"hours":3}}', '--force', '--json'];
    await mustRun(['evaluate', '--checkpoint', run, ...rules, ...example('weekend-rule')], folder);
    const without = await runCli(['evaluate', '--checkpoint', run, ...rules], folder);
    expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('weekend')]);
  },
  async 'breakout-baseline'() {
    const said = await mustRun(['baseline', 'breakout', '--symbol', 'SYNTH', ...example('breakout-baseline')], folder);
    expect(said).toContain('Breakout 55');
  },
  async 'linear-encoder'() {
    const set = ['--set', 'ppo.network={"encoder":"short","units":8}'];
    const given = TRAIN.filter((word, at) => !/network/.test(word) && !/network/.test(TRAIN[at + 1] ?? ''));
    const { run } = JSON.parse(await mustRun([...given, ...set, '--json', ...example('linear-encoder')], folder));
    expect(checkpointOf(run).config.network).toMatchObject({ encoder: 'short', units: 8 });
  },
  async 'own-data'() {
    const lines = Array.from({ length: 50 }, (_, hour) => {
      const price = 100 + hour;
      return `${new Date(Date.UTC(2024, 0, 1, hour)).toISOString()}|${price}|${price + 2}|${price - 1}|${price + 1}|${hour + 1}`;
    });
    writeFileSync(join(folder, 'ticks.txt'), lines.join('\n'));
    const place = ['--symbol', 'AAA/USDT', '--venue', 'own'];
    await mustRun(['data', 'import', 'ticks.txt', '--source', 'ticks', ...place, ...example('own-data')], folder);
    const csv = await mustRun(['data', 'export', ...place, '--timeframe', '1h', '--out', 'out.csv', '--json'], folder);
    expect(csv).toBeTruthy();
    const rows = readFileSync(join(folder, 'out.csv'), 'utf8').trim().split('\n').slice(1);
    expect(rows.map((row) => Number(row.split(',')[4]))).toEqual(lines.map((line) => Number(line.split('|')[4])));
    const days = ['--from', '2024-01-01', '--to', '2024-02-01', '--json'];
    const report = JSON.parse(
      await mustRun(
        ['data', 'download', '--venue', 'wave', '--symbol', 'W/USD', ...days, ...example('own-data')],
        folder,
      ),
    );
    expect(report[0]).toMatchObject({ written: 31 * 24, gaps: [] });
  },
};

describe('the examples', () => {
  test('each has a test, and is under 60 lines', () => {
    const names = readdirSync(EXAMPLES).map((file) => file.replace(/\.ts$/, ''));
    expect(names.sort()).toEqual(Object.keys(WORK).sort());
    for (const name of names)
      expect(readFileSync(join(EXAMPLES, `${name}.ts`), 'utf8').split('\n').length).toBeLessThan(60);
  });

  test.each(Object.keys(WORK))('%s keeps its contract, and works', SLOW, async (name) => {
    const { checks } = JSON.parse(await mustRun(['plugin', 'check', '--json', ...example(name)], folder));
    expect(checks.length).toBeGreaterThan(0);
    expect(checks.filter(({ problems }: { problems: string[] }) => problems.length > 0)).toEqual([]);
    await WORK[name]();
  });
});

let files = 0;
function write(text: string): string {
  const path = join(folder, `made-${files++}.ts`);
  writeFileSync(path, text);
  return path;
}

const INDICATOR = (body: string, extra = '') => `
import { defineIndicator, definePlugin } from 'tradernet/plugin';
${extra}
const own = defineIndicator({
  name: 'own', docs: 'of a test', parameters: {},
  create: () => ({ id: 'own', columns: ['own'], needs: 'candles', warmup: 0, memory: 1, ${body} }),
});
export default definePlugin({ indicators: [own] });`;

const REWARD = (body: string, extra = '') => `
import { definePlugin } from 'tradernet/plugin';
${extra}
export default definePlugin({ rewards: [
  { kind: 'account', name: 'own', docs: 'of a test', horizon: 1, hindsight: false, pathDependent: false, memory: 0, ${body} },
] });`;

const RULE = (judge: string) => `
import { ALLOW, asRule, definePlugin, z } from 'tradernet/plugin';
export default definePlugin({ rules: [asRule({
  name: 'own', doc: 'of a test', config: z.strictObject({}), state: z.strictObject({ seen: z.number() }), standard: {}, profiles: {},
  initial: () => ({ seen: 0 }), ${judge}
})] });`;

/** Plugins that break a contract, and what must be said of each. */
const BROKEN: readonly [what: string, text: string, said: RegExp][] = [
  [
    'an indicator that remembers outside of its cells',
    INDICATOR('start() { let last = 0; return ({ close }, out, at) => { out[at] = close - last; last = close; }; }'),
    /saved and restored/,
  ],
  [
    'an indicator with holes',
    INDICATOR('start: () => ({ close }, out, at) => { out[at] = close > 1e9 ? 1 : NaN; }'),
    /warm-up is 0 bars/,
  ],
  ['an indicator that throws', INDICATOR("start: () => () => { throw new Error('oops'); }"), /throws: oops/],
  ['a reward that is no number', REWARD('pay: (account) => 1 / account.units'), /pays (NaN|-?Infinity)/],
  ['a reward that counts outside of its memory', REWARD('pay: () => ++count', 'let count = 0;'), /saved and restored/],
  [
    'a table reward that looks further than it says',
    `import { definePlugin } from 'tradernet/plugin';
     export default definePlugin({ rewards: [{ kind: 'table', name: 'own', docs: 'of a test', horizon: 1, hindsight: true,
       table: ({ close, length }) => Float64Array.from({ length: 3 * length }, (_, i) => close[Math.floor(i / 3) + 9] ?? NaN) }] });`,
    /its horizon is longer/,
  ],
  [
    'a rule that changes its state',
    RULE('judge(c, state) { state.seen++; return { verdict: ALLOW, state }; }'),
    /throws|changes the state/,
  ],
  [
    'a rule that flips a coin',
    RULE(
      "judge: (c, state) => ({ verdict: { kind: Math.random() < 0.5 ? 'allow' : 'deny', code: 'x', numbers: {} }, state })",
    ),
    /in two ways/,
  ],
  [
    'a rule with a verdict of its own',
    RULE("judge: (c, state) => ({ verdict: { kind: 'buy' }, state })"),
    /its verdict is/,
  ],
  [
    'a rule whose state does not fit',
    RULE('judge: () => ({ verdict: ALLOW, state: { other: 1 } })'),
    /doesn't fit its own schema/,
  ],
  [
    'a baseline that knows the next close',
    `import { BUY, definePlugin, PLAIN, SELL } from 'tradernet/plugin';
     export default definePlugin({ baselines: [{ name: 'own', label: 'Own', doc: 'of a test', needs: [], create: ({ series: { close } }) =>
       ({ policy: { name: 'own', decide: (row) => PLAIN[close[row + 1] > close[row] ? BUY : SELL] } }) }] });`,
    /depends on what comes after/,
  ],
  [
    'an encoder that starts with a layer that is none',
    `import { defineEncoder, definePlugin } from 'tradernet/plugin';
     export default definePlugin({ encoders: [defineEncoder({ name: 'own', docs: 'of a test', settings: {}, layers: () => [] })] });`,
    /./,
  ],
];

describe('plugin check', () => {
  test.each(BROKEN)('finds %s', SLOW, async (_, text, said) => {
    const { code, stdout } = await runCli(['plugin', 'check', '--plugin', write(text), '--json'], folder);
    const problems = JSON.parse(stdout).checks.flatMap((check: { problems: string[] }) => check.problems);
    expect(problems.join('\n')).toMatch(said);
    expect(code).toBe(1);
  });
});

/** What isn't a plugin, and what must be said of it, in one line. */
const REFUSED: readonly [what: string, text: string, said: RegExp][] = [
  ['what has no default export', 'export const one = 1;', /its default export is no plugin/],
  ['what is no program', 'this is not a program', /can't be loaded/],
  ['a part that there is not', 'export default { indicatorz: [] };', /no part 'indicatorz'; it may have indicators/],
  ['a part that is no list', 'export default { rewards: {} };', /its rewards are no list/],
  ['one without a name', 'export default { rewards: [{ docs: "" }] };', /has no name/],
  [
    'one that lacks what it needs',
    'export default { baselines: [{ name: "own", label: "" }] };',
    /'own' of its baselines has no doc/,
  ],
  [
    'a name that is taken',
    REWARD('pay: () => 0').replace("name: 'own'", "name: 'realized'"),
    /adds 'realized' to the rewards/,
  ],
  [
    'one that imports the whole program',
    `import 'tradernet';\n${INDICATOR('start: () => () => {}')}`,
    /import from 'tradernet\/plugin'|can't be loaded/,
  ],
];

describe('what is no plugin', () => {
  test.each(REFUSED)('%s is refused in one line', SLOW, async (_, text, said) => {
    const { code, stderr } = await runCli(['plugin', 'check', '--plugin', write(text)], folder);
    expect(stderr).toMatch(said);
    expect([code, stderr.trim().split('\n').length]).toEqual([2, 1]);
  });

  test('none, and none there', SLOW, async () => {
    const none = await runCli(['plugin', 'check'], folder);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('--plugin ./mine.ts')]);
    const missing = await runCli(['data', 'list', '--plugin', 'nowhere.ts'], folder);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('there is no such plugin')]);
  });

  test('a part that two plugins share counts for both, whichever is loaded first', SLOW, async () => {
    mkdirSync(join(folder, 'shared'));
    writeFileSync(join(folder, 'shared/price.ts'), 'export const price = 0.1;');
    const paths = ['one', 'two'].map((name) => {
      const path = join(folder, `shared/${name}.ts`);
      const body = REWARD('pay: () => price', "import { price } from './price.ts';");
      writeFileSync(path, body.replace("name: 'own'", `name: '${name}'`));
      return path;
    });
    const hashes = async (...order: string[]): Promise<Record<string, string>> => {
      const flags = order.flatMap((path) => ['--plugin', path]);
      const { plugins } = JSON.parse(await mustRun(['plugin', 'check', '--json', ...flags], folder));
      return Object.fromEntries(plugins.map(({ name, hash }: { name: string; hash: string }) => [name, hash]));
    };
    const [first, second] = paths;
    const both = await hashes(first, second);
    expect(await hashes(second, first)).toEqual(both);
    expect(await hashes(second)).toEqual({ two: both.two });
  });

  test('what a plugin is made of counts, not its name alone', SLOW, async () => {
    mkdirSync(join(folder, 'parts'));
    writeFileSync(join(folder, 'parts/number.ts'), 'export const number = 1;');
    const path = join(folder, 'parts/plugin.ts');
    writeFileSync(
      path,
      INDICATOR('start: () => (_, out, at) => { out[at] = number; }', "import { number } from './number.ts';"),
    );
    const hash = async () =>
      JSON.parse(await mustRun(['plugin', 'check', '--plugin', path, '--json'], folder)).plugins[0].hash;
    const first = await hash();
    expect(await hash()).toBe(first);
    writeFileSync(join(folder, 'parts/number.ts'), 'export const number = 2;');
    expect(await hash()).not.toBe(first);
  });
});
