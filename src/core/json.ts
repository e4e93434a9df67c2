/** What survives a round trip through JSON; state that is saved has this type. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Deeper than anything that this program writes or a person would; what recurses over JSON stays within its stack. */
const DEEPEST = 64;

/**
 * JSON of a file or a wire. Nesting beyond 64 levels and the key `__proto__`, which no data needs and which changes what
 * an object is, are refused like any other bad syntax.
 * @throws SyntaxError
 */
export function parseJson(text: string): Json {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > DEEPEST) throw new SyntaxError(`nested more than ${DEEPEST} levels deep`);
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  // The key may be spelled with escapes; a reviver sees it as it is.
  return text.includes('__proto__') || text.includes('\\u') ? JSON.parse(text, refuseProto) : JSON.parse(text);
}

function refuseProto(key: string, value: Json): Json {
  if (key === '__proto__') throw new SyntaxError("the key '__proto__' is not allowed");
  return value;
}
