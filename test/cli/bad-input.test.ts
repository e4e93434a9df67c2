/**
 * What users do wrong: files, flags, settings, checkpoints, databases, registries, journals. Each ends with exit code 2
 * and one line on stderr that says what is wrong, without a stack, and leaves every byte as it was.
 */
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashFiles, mustRun, runCli, TINY_TRAINING } from './run-cli.ts';

const base = mkdtempSync(join(tmpdir(), 'tradernet-bad-input-'));
const origin = join(base, 'origin');
const RUN = 'ppo-SYNTH-s1-1';
const STORAGE = 'database/storage';
const BEST = `${STORAGE}/checkpoints/${RUN}/best`;
const LAST = `${STORAGE}/checkpoints/${RUN}/last`;
const DATABASE = `${STORAGE}/market.sqlite`;
const REGISTERED = `${STORAGE}/runs/${RUN}`;

const HEAD = 'timestamp,open,high,low,close,volume';
const line = (hour: number, prices = '10,11,9,10,5') => `${1_599_955_200_000 + 3_600_000 * hour},${prices}`;
const csv = (...lines: string[]) => `${[HEAD, ...lines].join('\n')}\n`;

/** The folder of one case: a copy of the origin, to be spoiled. */
interface Place {
  write(file: string, content: string | Uint8Array): void;
  edit(file: string, change: (text: string) => string): void;
  editJson(file: string, change: (value: Record<string, unknown>) => void): void;
  sql(statements: string): void;
  readonly folder: string;
}

interface Case {
  /** As typed, without `tradernet`; a word with spaces is quoted by '. */
  readonly args: string;
  /** In the one line of the error. */
  readonly says: string;
  readonly spoil?: (place: Place) => void;
  readonly env?: NodeJS.ProcessEnv;
}

const withConfig = (text: string) => (place: Place) => place.write('tradernet.json', text);
const withFile = (name: string, content: string | Uint8Array) => (place: Place) => place.write(name, content);

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'commands and flags': [
    { args: 'trane --symbol SYNTH', says: "no command 'trane'" },
    { args: 'data frobnicate', says: 'data synth' },
    { args: 'data', says: 'data synth' },
    { args: 'train --symbol SYNTH --speed 3', says: "unknown option '--speed'" },
    { args: 'train --symbol', says: 'argument missing' },
    { args: 'data import', says: "missing required argument 'file'" },
    { args: 'data list everything', says: 'too many arguments' },
    { args: 'train --symbol SYNTH --steps many', says: "'many' is not a whole number" },
    { args: 'train --symbol SYNTH --steps 0', says: "'0' is not a whole number" },
    { args: 'train --symbol SYNTH --seed -1', says: "'-1' is not a whole number" },
    { args: 'train --symbol SYNTH --agent sarsa', says: 'ppo, dqn' },
    { args: 'train --symbol SYNTH --timeframe 7x', says: 'timeframe' },
    { args: 'train --symbol SYNTH --timeframe 0h', says: 'timeframe' },
    { args: 'train --symbol ,', says: 'names nothing' },
    { args: 'train --symbol SYNTH --test-from yesterday', says: 'testFrom' },
    { args: 'train --symbol SYNTH --test-from 1999-01-01', says: 'lies outside the data' },
    { args: 'train --symbol SYNTH --reward profit', says: 'profit' },
    { args: 'train --symbol SYNTH --agent exact --reward realized', says: 'exact: the reward realized depends' },
    {
      args: 'train --symbol SYNTH --agent exact --set training.maskByShield=cautious',
      says: 'exact: what a masking shield',
    },
    { args: 'train --symbol SYNTH --agent exact --set features.accountFeatures=false', says: 'exact: its heads go by' },
    { args: 'train --symbol SYNTH --smurf profit', says: 'profit' },
    { args: 'train --symbol SYNTH --kernels quantum', says: 'auto, native, wasm, reference' },
    { args: 'train --symbol SYNTH', says: 'quantum', env: { TRADERNET_KERNELS: 'quantum' } },
    { args: 'train --symbol SYNTH --threads 0', says: "'0' is not a whole number" },
    { args: 'train --symbol SYNTH --threads 40', says: 'threads' },
    { args: 'evaluate --checkpoint RUN --fold train', says: 'test, validation' },
    { args: 'evaluate --checkpoint RUN --shield brave', says: 'cautious' },
    { args: 'evaluate', says: '--checkpoint is missing' },
    { args: 'train', says: '--symbol is missing' },
    { args: 'baseline', says: "missing required argument 'name'" },
    { args: 'baseline martingale --symbol SYNTH', says: 'buy-and-hold' },
    { args: 'baseline flat', says: '--symbol is missing' },
    { args: 'shield show --shield brave', says: 'cautious' },
    { args: 'data list --storage tradernet.txt', says: 'tradernet.txt', spoil: withFile('tradernet.txt', 'a file') },
    { args: 'data list --storage tradernet.txt/inside', says: 'tradernet.txt', spoil: withFile('tradernet.txt', '') },
  ],
  settings: [
    { args: 'train --symbol SYNTH --set feeRate', says: '--set section.name=value' },
    { args: 'train --symbol SYNTH --set account.fee=0.1', says: "did you mean 'account.feeRate'" },
    { args: 'train --symbol SYNTH --set account.feeRate=3', says: 'account.feeRate' },
    { args: 'train --symbol SYNTH --set account=3', says: 'account' },
    { args: 'train --symbol SYNTH --set account.feeRate.maker=0.1', says: 'account.feeRate' },
    { args: 'train --symbol SYNTH --set seed.first=1', says: 'seed' },
    { args: 'train --symbol SYNTH --set __proto__.seed=1', says: '__proto__' },
    { args: 'train --symbol SYNTH --set constructor.prototype.seed=1', says: 'constructor' },
    { args: 'train --symbol SYNTH --set account..feeRate=1', says: 'account' },
    { args: 'train --symbol SYNTH --set ppo.network={"filters":0}', says: 'ppo.network.filters' },
    { args: 'train --symbol SYNTH --set ppo.minibatchSize=1', says: 'ppo.minibatchSize' },
    { args: 'train --symbol SYNTH --set split.train=0.9 --set split.validation=0.2', says: 'split.train' },
    { args: 'train --symbol SYNTH --set shield.rules={"luck":{}}', says: 'luck' },
    { args: 'train --symbol SYNTH --config nowhere.json', says: 'nowhere.json' },
    { args: 'config show', says: 'not valid JSON', spoil: withConfig('{') },
    { args: 'config show', says: 'JSON object', spoil: withConfig('[]') },
    { args: 'config show', says: 'JSON object', spoil: withConfig('null') },
    { args: 'config show', says: "did you mean 'account", spoil: withConfig('{"acount": {"feeRate": 0.1}}') },
    { args: 'config show', says: 'account.maxUnits', spoil: withConfig('{"account": {"maxUnits": "four"}}') },
    { args: 'data list', says: 'tradernet.json', spoil: ({ folder }) => mkdirSync(join(folder, 'tradernet.json')) },
  ],
  'files of candles': [
    { args: 'data import nowhere.csv --symbol X', says: 'there is no file' },
    { args: 'data import database --symbol X', says: "can't be read" },
    {
      args: 'data import colour.csv --symbol X',
      says: 'no column for high',
      spoil: withFile('colour.csv', 'time,open,hi\x1b[2Jgh,low,close,volume\n1,2,3,4,5,6\n'),
    },
    { args: 'data import x.csv --symbol X', says: 'x.csv', spoil: withFile('x.csv', '') },
    { args: 'data import x.csv --symbol X', says: 'x.csv', spoil: withFile('x.csv', new Uint8Array(4000).fill(200)) },
    { args: 'data import x.csv --symbol X', says: 'x.csv', spoil: withFile('x.csv', 'name,age\nJo,3\nAl,4\n') },
    { args: 'data import x.csv', says: '--symbol', spoil: withFile('x.csv', csv(line(0), line(1), line(2))) },
    {
      args: 'data import x.csv --symbol X',
      says: 'line 3',
      spoil: withFile('x.csv', csv(line(0), line(1, '10,11,9,NaN,5'), line(2))),
    },
    {
      args: 'data import x.csv --symbol X',
      says: 'line 4',
      spoil: withFile('x.csv', csv(line(0), line(1), line(2, '10,9,11,10,5'))),
    },
    {
      args: 'data import x.csv --symbol X',
      says: 'line',
      spoil: withFile('x.csv', csv(line(0), line(1), line(1, '10,11,9,10.5,5'), line(2))),
    },
    { args: 'data import x.csv --symbol X --policy hope', says: 'refuse', spoil: withFile('x.csv', csv(line(0))) },
    {
      args: 'data import x.csv --symbol X --longest-fill 0',
      says: 'whole number',
      spoil: withFile('x.csv', csv(line(0))),
    },
    {
      args: 'data import x.csv --symbol CSV',
      says: '--replace',
      spoil: withFile('x.csv', csv(line(0), line(1, '10,12,9,10,5'), line(2))),
    },
    { args: 'data import x.csv --trends', says: '--symbol', spoil: withFile('x.csv', 'Week,bitcoin\n') },
    { args: 'data import x.csv --trends --symbol X', says: 'x.csv', spoil: withFile('x.csv', csv(line(0))) },
    { args: 'data synth --symbol SYNTH', says: '--replace' },
    { args: 'data synth --symbol X --bars 0', says: 'whole number' },
    { args: 'data synth --symbol X --bars 999999999', says: 'whole number' },
    { args: 'data synth --symbol X --signal 0.9', says: '0.7' },
    { args: 'data synth --symbol X --volatility loud', says: "'loud' is not a number" },
    { args: 'data synth --symbol X --start soon', says: "'soon' is not a time" },
    { args: 'data check --symbol NOPE', says: 'data list' },
    { args: 'data export --symbol SYNTH', says: '--out is missing' },
    { args: 'data export --out all.csv', says: 'series match' },
    { args: 'data export --symbol SYNTH --out no/where/x.csv', says: "can't be written" },
    { args: 'data export --symbol SYNTH --out database', says: 'database' },
    { args: 'data export --symbol SYNTH --out x.csv --resample 1m', says: 'multiple' },
    { args: 'data export --symbol SYNTH --out x.csv --resample 90m', says: '90' },
    { args: 'data export --symbol SYNTH --out x.csv --from 2031-01-01', says: 'no bars' },
    { args: 'features --symbol SYNTH', says: '--out is missing' },
    { args: 'features --out x.csv', says: '--symbol' },
    { args: 'features --symbol NOPE --out x.csv', says: 'NOPE' },
    { args: 'features --symbol SYNTH --set tradernet99 --out x.csv', says: 'tradernet99' },
    { args: 'features --symbol CSV --venue csv --set tradernet21 --out x.csv', says: 'tradernet19' },
    { args: 'features --input x.csv --out y.csv', says: 'x.csv', spoil: withFile('x.csv', 'hello\n') },
  ],
  'trainings and runs': [
    { args: 'train --symbol NOPE', says: 'no candles of NOPE' },
    { args: 'train --symbol SYNTH --venue binance', says: 'no candles of SYNTH of binance' },
    { args: 'train --symbol SYNTH --timeframe 4h', says: 'no candles of SYNTH' },
    { args: 'train --symbol CSV --venue csv', says: 'CSV' },
    { args: 'train --symbol SYNTH --set features.window=500', says: 'SYNTH' },
    { args: 'train --resume RUN --seed 2', says: 'seed' },
    { args: 'train --resume RUN --symbol OTHER', says: '--symbol' },
    { args: 'train --resume RUN --set ppo.epochs=5', says: 'ppo.epochs' },
    { args: 'train --resume RUN --seeds 2', says: '--seeds' },
    { args: 'train --resume RUN --preset tradernet-cr', says: 'preset' },
    { args: 'train --resume RUN --steps 1', says: 'give --steps more' },
    { args: 'train --seeds 1', says: 'whole number from 2' },
    { args: 'train --smurf --seeds 2 --symbol SYNTH', says: 'supervisor' },
    { args: 'train --resume nope', says: "no run 'nope'" },
    { args: 'train --resume ../../x', says: "no run '../../x'" },
    { args: 'runs show nope', says: "no run 'nope'" },
    { args: 'train --resume RUN', says: 'data', spoil: (place) => place.sql('UPDATE candle SET volume = volume + 1') },
    {
      args: 'train --resume RUN',
      says: 'training.json',
      spoil: (place) => rmSync(join(place.folder, LAST, 'training.json')),
    },
    {
      args: 'train --resume RUN',
      says: 'damaged',
      spoil: (place) => place.edit(`${LAST}/optimizer.safetensors`, (text) => text.slice(0, -8)),
    },
    {
      args: 'runs list',
      says: 'registration.json',
      spoil: withFile(`${REGISTERED}/registration.json`, '{"kind": "tr'),
    },
    { args: 'runs list', says: 'registration.json', spoil: withFile(`${REGISTERED}/registration.json`, '{}') },
    { args: 'runs list', says: 'registration.json', spoil: withFile(`${REGISTERED}/registration.json`, '[1]') },
    { args: 'runs show RUN', says: 'test.json', spoil: withFile(`${REGISTERED}/results/test.json`, '{"status": "fin') },
    { args: 'runs show RUN', says: 'test.json', spoil: withFile(`${REGISTERED}/results/test.json`, '{}') },
    {
      args: 'evaluate --checkpoint RUN',
      says: 'test.json',
      spoil: withFile(`${REGISTERED}/results/test.json`, 'null'),
    },
    {
      args: 'train --resume RUN',
      says: 'another version',
      spoil: (place) =>
        place.editJson(`${REGISTERED}/registration.json`, (value) => {
          value.notes = null;
        }),
    },
  ],
  checkpoints: [
    { args: 'evaluate --checkpoint nope', says: 'runs list' },
    { args: 'evaluate --checkpoint RUN/first', says: "no checkpoint 'first'" },
    { args: 'evaluate --checkpoint database', says: 'checkpoint.json' },
    { args: 'evaluate --checkpoint RUN --supervisor nope', says: 'nope' },
    { args: 'evaluate --checkpoint RUN --symbol NOPE', says: 'no candles of NOPE' },
    { args: 'evaluate --checkpoint RUN --timeframe 4h', says: 'no candles' },
    { args: 'evaluate --checkpoint RUN --symbol LONG --venue csv --timeframe 4h', says: '60 min' },
    { args: 'evaluate --checkpoint RUN --report x.txt/y.html', says: 'x.txt/y.html', spoil: withFile('x.txt', '') },
    { args: 'evaluate --checkpoint RUN --report database', says: 'database' },
    {
      args: 'evaluate --checkpoint RUN',
      says: "no checkpoint 'best'",
      spoil: ({ folder }) => rmSync(join(folder, BEST), { recursive: true }),
    },
    {
      args: 'evaluate --checkpoint RUN',
      says: 'not valid JSON',
      spoil: withFile(`${BEST}/checkpoint.json`, '{"schema'),
    },
    { args: 'evaluate --checkpoint RUN', says: 'schema version', spoil: withFile(`${BEST}/checkpoint.json`, 'null') },
    ...(
      [
        ['schemaVersion', 99, 'schema version 99'],
        ['actions', ['BUY', 'SELL', 'HOLD'], '["BUY","SELL","HOLD"]'],
        ['agent', 'sarsa', 'agent'],
        ['agent', 'dqn', 'config'],
        ['columns', ['close'], 'columnsHash'],
        ['trainedSteps', -1, 'trainedSteps'],
        ['window', 24, 'shape'],
        ['scaler', { method: 'magic' }, 'scaler'],
        ['featureSet', 'tradernet99', 'tradernet99'],
        ['reward', 'luck', 'luck'],
        ['files', {}, 'model.safetensors'],
        ['colour', 'red', 'colour'],
      ] as const
    ).map(([key, value, says]) => ({
      args: 'evaluate --checkpoint RUN',
      says,
      spoil: (place: Place) =>
        place.editJson(`${BEST}/checkpoint.json`, (description) => {
          description[key] = value;
        }),
    })),
    {
      args: 'evaluate --checkpoint RUN',
      says: 'damaged',
      spoil: ({ folder }) => appendFileSync(join(folder, BEST, 'model.safetensors'), 'x'),
    },
    {
      args: 'evaluate --checkpoint RUN',
      says: 'missing from the checkpoint',
      spoil: ({ folder }) => rmSync(join(folder, BEST, 'model.safetensors')),
    },
    {
      args: 'evaluate --checkpoint RUN',
      says: '5',
      spoil: (place) =>
        place.editJson(`${BEST}/checkpoint.json`, (description) => {
          (description.config as { network: { filters: number } }).network.filters = 5;
        }),
    },
    {
      args: 'shield ablation --checkpoint RUN --profiles brave',
      says: 'cautious',
    },
  ],
  databases: [
    {
      args: 'data list',
      says: 'market.sqlite',
      spoil: withFile(DATABASE, 'this is text, not a database at all, sorry'),
    },
    { args: 'data list', says: 'market.sqlite', spoil: ({ folder }) => spoilPages(join(folder, DATABASE)) },
    { args: 'train --symbol SYNTH', says: 'market.sqlite', spoil: ({ folder }) => truncate(join(folder, DATABASE)) },
    {
      args: 'data list',
      says: 'market.sqlite',
      spoil({ folder }) {
        rmSync(join(folder, DATABASE));
        mkdirSync(join(folder, DATABASE));
      },
    },
    { args: 'data list', says: 'schema version 99', spoil: (place) => place.sql('PRAGMA user_version = 99') },
    {
      args: 'data list',
      says: 'another program',
      spoil(place) {
        rmSync(join(place.folder, DATABASE));
        place.sql('CREATE TABLE other (x)');
      },
    },
    { args: 'data list', says: 'market.sqlite', spoil: (place) => place.sql('DROP TABLE candle') },
  ],
  'journals and bots': [
    { args: 'journal show', says: 'tradernet -- paper' },
    { args: 'journal show --journal nope', says: 'nope' },
    { args: 'verify --journal ../nope', says: 'nope' },
    { args: 'halt', says: 'tradernet -- paper' },
    { args: 'reset --journal nope --reason fixed', says: 'nope' },
    { args: 'journal show --last 0', says: 'whole number' },
    { args: 'verify', says: 'journal verify', spoil: withFile(`${STORAGE}/bots/b/journal.log`, 'not a journal\n') },
    { args: 'reset', says: '--reason is missing', spoil: withFile(`${STORAGE}/bots/b/journal.log`, '') },
    {
      args: 'journal verify --head xyz',
      says: '64 hex digits',
      spoil: withFile(`${STORAGE}/bots/b/journal.log`, ''),
    },
    {
      args: 'journal export --out no/where/x.jsonl',
      says: 'no/where/x.jsonl',
      spoil: withFile(`${STORAGE}/bots/b/journal.log`, ''),
    },
    { args: 'paper', says: '--checkpoint is missing' },
    { args: 'paper --checkpoint RUN --venue binance', says: '--force lets it trade' },
    { args: 'paper --force --checkpoint RUN --venue nasdaq', says: 'nasdaq' },
    { args: 'paper --force --checkpoint RUN --venue binance --server ftp://somewhere', says: '127.0.0.1' },
    {
      args: 'paper --force --checkpoint RUN --venue binance --server http://127.0.0.1:1',
      says: 'tradernet -- rehearse',
    },
    { args: 'paper --force --checkpoint RUN --venue binance --keys nowhere.json', says: 'nowhere.json' },
    {
      args: 'paper --force --checkpoint RUN --venue binance --keys keys.json',
      says: 'keys.json',
      spoil({ folder }) {
        writeFileSync(join(folder, 'keys.json'), '{"key": "k", "secret": "s"}');
        chmodSync(join(folder, 'keys.json'), 0o644);
      },
    },
    { args: 'live --checkpoint RUN --venue binance', says: 'switched off' },
    { args: 'data download --symbol BTC/USDT --from 2021-01-01', says: '--venue is missing' },
    { args: 'data download --venue binance --from 2021-01-01', says: '--symbol is missing' },
    { args: 'data download --venue binance --symbol BTC/USDT', says: '--from is missing' },
    { args: 'data download --venue nasdaq --symbol BTC/USDT --from 2021-01-01', says: 'nasdaq' },
    { args: 'rehearse --kinds gremlins', says: 'gremlins' },
    { args: 'rehearse --port 99999', says: '65535' },
    { args: 'rehearse --symbol NOPE --port 0', says: 'NOPE' },
  ],
};

function spoilPages(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 8192; at < bytes.length; at += 4096) bytes.fill(0xa5, at, at + 512);
  writeFileSync(path, bytes);
}

function truncate(path: string): void {
  writeFileSync(path, readFileSync(path).subarray(0, 40_000));
}

function openPlace(folder: string): Place {
  const at = (file: string) => join(folder, file);
  return {
    folder,
    write(file, content) {
      mkdirSync(join(at(file), '..'), { recursive: true });
      writeFileSync(at(file), content);
    },
    edit: (file, change) => writeFileSync(at(file), change(readFileSync(at(file), 'latin1')), 'latin1'),
    editJson(file, change) {
      const value = JSON.parse(readFileSync(at(file), 'utf8'));
      change(value);
      writeFileSync(at(file), JSON.stringify(value));
    },
    sql(statements) {
      using database = new DatabaseSync(at(DATABASE));
      database.exec(statements);
    },
  };
}

beforeAll(async () => {
  mkdirSync(origin);
  await mustRun(['data', 'synth', '--bars', '2000'], origin);
  const file = (name: string, step: number, bars: number) => {
    writeFileSync(join(origin, name), csv(...Array.from({ length: bars }, (_, i) => line(step * i))));
    return ['data', 'import', name, '--symbol', step === 1 ? 'CSV' : 'LONG'];
  };
  await mustRun(file('a.csv', 1, 60), origin);
  await mustRun(file('b.csv', 4, 600), origin);
  await mustRun(['train', '--symbol', 'SYNTH', '--steps', '128', ...TINY_TRAINING], origin);
  renameSync(join(origin, 'database'), join(base, 'database'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

let made = 0;
async function runCase({ args, spoil, env }: Case) {
  const folder = join(base, `case-${made++}`);
  mkdirSync(folder);
  cpSync(join(base, 'database'), join(folder, 'database'), { recursive: true });
  spoil?.(openPlace(folder));
  const before = hashFiles(folder);
  const ended = await runCli(args.replace('RUN', RUN).split(' '), folder, env);
  const changed = JSON.stringify(hashFiles(folder)) !== JSON.stringify(before);
  rmSync(folder, { recursive: true });
  return { ...ended, changed };
}

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  it.concurrent.each(cases.map((one) => [one.args, one.says, one] as const))('%s: %s', async (_args, says, one) => {
    const { code, stdout, stderr, changed } = await runCase(one);
    // What was under way may have been said before; nothing of it is a stack.
    expect(stderr).toMatch(/^([^\n]+\n)?error: [^\n]+\n$/);
    expect(stderr).toContain(says);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what commands a terminal is what is looked for
    expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(stderr).not.toMatch(/(?<!received )undefined|\[object|internal error/);
    expect({ code, stdout, changed }).toEqual({ code: 2, stdout: '', changed: false });
  });
});

it('there are more than forty kinds', () => {
  expect(Object.values(CASES).flat().length).toBeGreaterThan(40);
});
