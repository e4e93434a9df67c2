import { type Json, parseJson } from './json.ts';

/**
 * A JSON text as people write it: a byte order mark before it, `//` and block comments, a comma after the last entry.
 * What is left out becomes as many spaces, so that the parser's positions stay true.
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseJsonText(text: string): Json {
  const blank = (part: string) => part.replaceAll(/[^\n]/g, ' ');
  const plain = text
    .replace(/^\ufeff/, ' ')
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) => (part[0] === '"' ? part : blank(part)))
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g, (part) => (part[0] === '"' ? part : ' '));
  return parseJson(plain);
}
