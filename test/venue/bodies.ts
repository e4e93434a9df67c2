/** Answers on their way: whole, or stalled, cut, trickling, as those of real venues were seen to come. */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

export const BODY_TROUBLES = ['stalled', 'half', 'trickling', 'gzip-cut', 'html', 'reset'] as const;
/** How an answer is mistreated on its way. */
export type BodyTrouble = (typeof BODY_TROUBLES)[number];

/** `timers`: what is still running, for whoever stops the server. */
export function sendBody(
  response: ServerResponse,
  { status, headers, body }: { status: number; headers: Record<string, string>; body: string },
  trouble: BodyTrouble | null,
  timers: Set<NodeJS.Timeout>,
): void {
  const bytes = Buffer.from(body);
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
  const socket = response.socket;
  switch (trouble) {
    case null:
      response.writeHead(status, { ...headers, 'content-length': String(bytes.length) }).end(bytes);
      return;
    case 'stalled':
      response.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
      response.write(half);
      return;
    case 'half':
      response.writeHead(status, headers);
      response.end(half);
      return;
    case 'trickling': {
      response.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
      let at = 0;
      const timer = setInterval(() => {
        if (at >= bytes.length || socket === null || socket.destroyed) {
          clearInterval(timer);
          timers.delete(timer);
          response.end();
        } else response.write(bytes.subarray(at, ++at));
      }, 500);
      timers.add(timer);
      return;
    }
    case 'gzip-cut': {
      const packed = gzipSync(bytes);
      response.writeHead(status, { ...headers, 'content-encoding': 'gzip' });
      response.write(packed.subarray(0, Math.max(1, packed.length - 6)));
      setTimeout(() => socket?.resetAndDestroy(), 20);
      return;
    }
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please wait...</body></html>');
      return;
    case 'reset':
      socket?.resetAndDestroy();
  }
}
