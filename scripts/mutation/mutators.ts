/**
 * One change at a time to a source file. The mutators are Stryker's standard ones
 * (stryker-mutator.io/docs/mutation-testing-elements/supported-mutators) and number literals besides.
 */
import { parseAst } from 'rolldown/parseAst';

export interface Mutant {
  /** From the project's root. */
  readonly file: string;
  readonly line: number;
  /** The line that it changes, so that a reason keeps belonging to it when lines move. */
  readonly text: string;
  readonly mutator: string;
  readonly start: number;
  readonly from: string;
  readonly to: string;
  readonly source: string;
}

// biome-ignore lint/suspicious/noExplicitAny: an ESTree node; what is read of it is checked by its type
type Node = any;

const SWAPS: Record<string, readonly string[]> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
  '??=': ['='],
  '&=': ['='],
};
const METHODS: Record<string, string> = { some: 'every', every: 'some', min: 'max', max: 'min', push: 'unshift' };

/** A thousandth more of a duration is no fault that a test should know. */
const changeNumber = (value: number): string => String(Math.abs(value) < 1_000 ? value + 1 : 2 * value);

/** Words with a space between them are for people. */
const kindOfText = (text: string): string => (/[a-z,;:] [a-z$]/i.test(text) ? 'sentence' : 'string');

export function listMutants(file: string, source: string): Mutant[] {
  const mutants: Mutant[] = [];
  const replace = (mutator: string, start: number, end: number, to: string): void => {
    const from = source.slice(start, end);
    if (from === to) return;
    const line = source.slice(0, start).split('\n').length;
    const text = source.split('\n')[line - 1].trim();
    mutants.push({
      file,
      line,
      text,
      mutator,
      start,
      from,
      to,
      source: source.slice(0, start) + to + source.slice(end),
    });
  };
  const operator = (node: Node): void => {
    const between = source.slice(node.left.end, node.right.start);
    const at = node.left.end + between.indexOf(node.operator);
    for (const to of SWAPS[node.operator] ?? []) replace('operator', at, at + node.operator.length, to);
  };
  const condition = (node: Node): void => {
    if (node === null) return;
    replace('condition', node.start, node.end, 'true');
    replace('condition', node.start, node.end, 'false');
  };
  const visit = (node: Node): void => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const inner of node) visit(inner);
      return;
    }
    const { type, start, end } = node;
    if (typeof type !== 'string') return;
    const wrapped = type === 'TSAsExpression' || type === 'TSNonNullExpression' || type === 'TSSatisfiesExpression';
    if (wrapped) visit(node.expression);
    // Types and imports have no behaviour.
    if (type.startsWith('TS') || type.startsWith('Import') || (type.startsWith('Export') && node.source)) return;
    if (type === 'BinaryExpression' || type === 'LogicalExpression' || type === 'AssignmentExpression') operator(node);
    if (type === 'IfStatement' || type === 'ConditionalExpression') condition(node.test);
    if (type === 'ForStatement' && node.test !== null) replace('condition', node.test.start, node.test.end, 'false');
    if (type === 'UnaryExpression' && '!-'.includes(node.operator))
      replace('unary', start, end, source.slice(node.argument.start, node.argument.end));
    if (type === 'UpdateExpression')
      replace(
        'update',
        start,
        end,
        source.slice(start, end).replace(/\+\+|--/, (x) => (x === '++' ? '--' : '++')),
      );
    if (type === 'Literal' && typeof node.value === 'boolean') replace('boolean', start, end, String(!node.value));
    if (type === 'Literal' && typeof node.value === 'number') replace('number', start, end, changeNumber(node.value));
    if (type === 'Literal' && typeof node.value === 'string')
      replace(kindOfText(node.value), start, end, node.value === '' ? '"mutated"' : '""');
    if (type === 'TemplateLiteral') replace(kindOfText(source.slice(start, end)), start, end, '``');
    if (type === 'ArrayExpression') replace('array', start, end, node.elements.length === 0 ? '["mutated"]' : '[]');
    if (type === 'ObjectExpression' && node.properties.length > 0) replace('object', start, end, '{}');
    if (type === 'BlockStatement' && node.body.length > 0) replace('block', start, end, '{}');
    if (type === 'ArrowFunctionExpression' && node.body.type !== 'BlockStatement')
      replace('arrow', node.body.start, node.body.end, 'undefined');
    if (type === 'ChainExpression') {
      const unguarded = source.slice(start, end).replace(/\?\.(?=[([])/, '');
      replace('chain', start, end, unguarded.replace('?.', '.'));
    }
    if (type === 'CallExpression' && node.callee.type === 'MemberExpression') {
      const { property, object } = node.callee;
      const swap = Object.hasOwn(METHODS, property.name) ? METHODS[property.name] : undefined;
      if (swap !== undefined) replace('method', property.start, property.end, swap);
      else if (['filter', 'slice', 'sort', 'subarray'].includes(property.name))
        replace('method', start, end, source.slice(object.start, object.end));
    }
    if (type === 'ExpressionStatement') replace('statement', start, end, ';');
    for (const [name, inner] of Object.entries(node)) {
      // A loop that counts backwards never ends; nothing is learnt from waiting for it.
      if (type === 'ForStatement' && name === 'update') continue;
      // A property's name is not a string that anyone reads.
      if (name === 'typeAnnotation' || name === 'typeArguments' || (name === 'key' && !node.computed)) continue;
      visit(inner);
    }
  };
  visit(parseAst(source, { lang: 'ts' }));
  return mutants;
}

/** What a person reads in a list of survivors, and reasons are kept under. */
export function nameOf({ file, text, from, to }: Mutant): string {
  const shorten = (code: string) => code.replace(/\s+/g, ' ').slice(0, 120);
  return `${file}: ${text}: ${shorten(from)} -> ${shorten(to)}`;
}
