/** What a command gets is typed by its flags: the compiler reads this file. */
import { expect, expectTypeOf, it } from 'vitest';
import { defineCommand, type OptionsOf, propertyOf } from '../../src/cli/command.ts';
import { parseInteger, parseList } from '../../src/cli/options.ts';

const SHARED = { '--threads <n>': { doc: 'threads', parse: parseInteger(1) } };
const sample = defineCommand({
  arguments: [
    { name: '<file>', doc: 'needed' },
    { name: '[other]', doc: 'not needed' },
  ],
  options: {
    ...SHARED,
    '--test-share <x>': { doc: 'parsed, with a default', parse: parseInteger(1), default: 4 },
    '--policy <name>': { doc: 'a choice', choices: ['drop', 'fill'], default: 'drop' },
    '--symbol <names>': { doc: 'a list', parse: parseList },
    '--out <file>': { doc: 'text' },
    '--smurf [base]': { doc: 'with a value or without' },
    '--dry-run': { doc: 'given or not' },
    '--no-trends': { doc: 'given or not' },
  },
  examples: [],
  async run(options, _context, [file, other]) {
    expectTypeOf(options).toEqualTypeOf<{
      readonly threads: number | undefined;
      readonly testShare: number;
      readonly policy: 'drop' | 'fill';
      readonly symbol: readonly string[] | undefined;
      readonly out: string | undefined;
      readonly smurf: string | true | undefined;
      readonly dryRun: boolean;
      readonly trends: boolean;
    }>();
    expectTypeOf(file).toEqualTypeOf<string>();
    expectTypeOf(other).toEqualTypeOf<string | undefined>();
    // @ts-expect-error: there is no such flag
    options.folds;
    return { text: '', json: null };
  },
});

it('a flag is found under its name in camel case', () => {
  expectTypeOf<OptionsOf<typeof SHARED>>().toEqualTypeOf<{ readonly threads: number | undefined }>();
  expect(Object.keys(sample.options).map((flags) => propertyOf(flags))).toEqual([
    ...['threads', 'testShare', 'policy', 'symbol', 'out', 'smurf', 'dryRun', 'trends'],
  ]);
});
