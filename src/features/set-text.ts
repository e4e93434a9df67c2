/**
 * The text of a feature set: `tradernet21 + atr(14) - hour`. Terms follow each other from left to right; a minus stands
 * apart from the name before it, since names have hyphens of their own.
 *
 *   set  = term { ("+" | "-") term }        term = name [ "(" argument { "," argument } ")" ]
 */
import { InputError } from '../core/errors.ts';

export interface Term {
  readonly sign: '+' | '-';
  readonly name: string;
  readonly args: readonly Argument[];
  /** Where its name stands in the text, from 0. */
  readonly at: number;
}

export interface Argument {
  readonly text: string;
  readonly at: number;
}

/** An error at a place of the text. */
export function misread(text: string, at: number, what: string): InputError {
  return new InputError(`feature set '${text}', character ${at + 1}: ${what}`);
}

const NAME = /[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*/y;
const SPACE = /\s*/y;

/** @throws InputError with the place of what can't be read */
export function parseTerms(text: string): Term[] {
  const terms: Term[] = [];
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const takeMark = (marks: string): string | null => {
    take(SPACE);
    if (at >= text.length || !marks.includes(text[at])) return null;
    return text[at++];
  };
  const expected = (what: string) =>
    misread(text, at, `${at < text.length ? `'${text[at]}' where` : 'it ends where'} ${what} should stand`);

  const takeName = (what: string): Argument => {
    take(SPACE);
    const start = at;
    const found = take(NAME);
    if (found === '') throw expected(what);
    return { text: found, at: start };
  };
  const takeTerm = (sign: Term['sign']): void => {
    const name = takeName(sign === '+' ? 'a set or an indicator' : 'a column');
    const args: Argument[] = [];
    if (takeMark('(') !== null && takeMark(')') === null) {
      do args.push(takeName('an argument'));
      while (takeMark(',') !== null);
      if (takeMark(')') === null) throw expected("',' or ')'");
    }
    terms.push({ sign, name: name.text, args, at: name.at });
  };

  takeTerm('+');
  for (;;) {
    const sign = takeMark('+-');
    if (sign !== null) takeTerm(sign as Term['sign']);
    else if (at === text.length) return terms;
    else throw expected("'+' or '-'");
  }
}
