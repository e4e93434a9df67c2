/** What the terms of a feature set's text do: add an indicator, take a column out. */
import { INDICATORS } from './index.ts';
import type { Indicator, Parameter } from './indicator.ts';
import { type Argument, misread, type Term } from './set-text.ts';

/** A set so far, and the text that stands for it, all arguments written out. */
export interface WrittenSet {
  readonly name: string;
  readonly indicators: readonly Indicator[];
}

export function refuseArguments({ name, args }: Term, text: string): void {
  if (args.length > 0) throw misread(text, args[0].at, `'${name}' takes no arguments`);
}

/** @param others names that could stand there too, for the message */
export function addIndicator(set: WrittenSet, term: Term, text: string, others: readonly string[] = []): WrittenSet {
  const { name, args, at } = term;
  const type = INDICATORS.find((one) => one.name === name);
  if (type === undefined) {
    const known = [...others, ...INDICATORS.map((one) => one.name)].join(', ');
    throw misread(text, at, `there is no '${name}'; there are ${known}`);
  }
  const parameters = Object.entries(type.parameters);
  if (parameters.length === 0) refuseArguments(term, text);
  if (args.length > parameters.length) {
    const all = parameters.map(([parameter]) => parameter).join(', ');
    throw misread(text, args[parameters.length].at, `'${name}' takes ${all} and no more`);
  }
  const values = parameters.map(([parameter, definition], i) => readArgument(parameter, definition, args[i], text));
  const added = type.create(Object.fromEntries(parameters.map(([parameter], i) => [parameter, values[i]])));
  const known = set.indicators.flatMap(({ columns }) => columns);
  const twice = added.columns.find((column) => known.includes(column));
  if (twice !== undefined) throw misread(text, at, `there is a column '${twice}' already`);
  const written = values.length === 0 ? name : `${name}(${values.join(', ')})`;
  return { name: set.name === '' ? written : `${set.name} + ${written}`, indicators: [...set.indicators, added] };
}

function readArgument(
  name: string,
  parameter: Parameter,
  argument: Argument | undefined,
  text: string,
): string | number {
  if (parameter.kind === 'choice') {
    const { choices } = parameter;
    if (argument === undefined || choices.includes(argument.text)) return argument?.text ?? choices[0];
    throw misread(text, argument.at, `${name} is one of ${choices.join(', ')}, not '${argument.text}'`);
  }
  if (argument === undefined) return parameter.default;
  const value = Number(argument.text);
  if (/^\d+$/.test(argument.text) && value >= parameter.least && value <= parameter.most) return value;
  const range = `a whole number of bars from ${parameter.least} to ${parameter.most}`;
  throw misread(text, argument.at, `${name} is ${range}, not '${argument.text}'`);
}

/** Takes out one column; its indicator with it, where it was the only one. */
export function dropColumn(set: WrittenSet, term: Term, text: string): WrittenSet {
  refuseArguments(term, text);
  const columns = set.indicators.flatMap((indicator) => indicator.columns);
  if (!columns.includes(term.name))
    throw misread(text, term.at, `there is no column '${term.name}'; there are ${columns.join(', ')}`);
  if (columns.length === 1) throw misread(text, term.at, 'no column is left');
  const indicators = set.indicators.flatMap((indicator) => withoutColumn(indicator, term.name));
  return { name: `${set.name} - ${term.name}`, indicators };
}

function withoutColumn(indicator: Indicator, column: string): Indicator[] {
  const dropped = indicator.columns.indexOf(column);
  if (dropped < 0) return [indicator];
  const columns = indicator.columns.filter((one) => one !== column);
  if (columns.length === 0) return [];
  return [
    {
      ...indicator,
      columns,
      start(state, timeframeMs) {
        const step = indicator.start(state, timeframeMs);
        const whole = new Float64Array(columns.length + 1);
        return (candle, out, at) => {
          step(candle, whole, 0);
          for (let c = 0; c < columns.length; c++) out[at + c] = whole[c < dropped ? c : c + 1];
        };
      },
    },
  ];
}
