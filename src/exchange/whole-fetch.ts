import { TextDecoder } from 'node:util';

/** No answer of a venue is longer; the largest, all of its markets, takes a quarter of it. */
const LONGEST_BODY = 64 * 2 ** 20;

/**
 * A `fetch` whose deadline covers the whole answer. ccxt clears its own when the headers have come, so that a body that
 * stalls, trickles or is cut in the middle of its compression would hold the caller for minutes or for ever.
 * @param timeoutMs real time from the call to the last byte
 */
export function fetchWhole(timeoutMs: number): typeof fetch {
  return async (input, init) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = init?.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
    const response = await fetch(input, { ...init, redirect: 'error', signal });
    // The signal ends the reading too.
    const text = await readText(response);
    const { status, statusText, headers } = response;
    // Of the content's form on the wire nothing is left.
    const plain = new Headers([...headers].filter(([name]) => !/^content-(encoding|length)$/i.test(name)));
    return new Response(/^(204|205|304)$/.test(String(status)) ? null : text, { status, statusText, headers: plain });
  };
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length <= LONGEST_BODY) continue;
    await reader.cancel().catch(() => {});
    throw new TypeError('an answer beyond all measure');
  }
}
