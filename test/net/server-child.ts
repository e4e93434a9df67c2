/** A bot's status pages, or a rehearsal venue, beside something that opens a file again and again as a journal does. */
import { appendFileSync } from 'node:fs';
import { serveStatus } from '../../src/cli/status-server.ts';
import { synthesize } from '../../src/market/synthetic.ts';
import { startRehearsal } from '../../src/rehearsal/start.ts';
import { realClock } from '../exchange/local-venue.ts';

const [, , kind, journal] = process.argv;
const { series } = synthesize({ bars: 3_000, seed: 1, symbol: 'BTC/USDT', timeframeMs: 60_000, trends: false });

async function start(): Promise<string> {
  if (kind === 'status') {
    const status = { health: () => ({ healthy: true, text: '{"healthy":true}\n' }), metrics: () => 'tradernet_up 1\n' };
    return `http://127.0.0.1:${(await serveStatus(status, 0, 'the token')).port}`;
  }
  const { url } = await startRehearsal({
    ...{ series: [series], real: realClock, startMs: series.timeMs[2_000], endMs: series.timeMs[2_990], speed: 1 },
    ...{ seed: 1, faults: 0, keys: { key: 'k', secret: 's' }, quoteBalance: '1000', feeRate: '0', feeIn: 'quote' },
  });
  return url;
}

setInterval(() => appendFileSync(journal, 'x\n'), 20);
process.stdout.write(`${await start()}\n`);
