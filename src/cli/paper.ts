import { runSession } from './bot-run.ts';
import { openSession, SESSION_OPTIONS } from './bot-session.ts';
import { defineCommand } from './command.ts';
import { openRunContext } from './run-context.ts';

export const paper = defineCommand({
  options: SESSION_OPTIONS,
  examples: [
    'tradernet paper --checkpoint ppo-BTCUSDT-s1-1 --symbol BTC/USDT --venue binance',
    'tradernet paper --checkpoint ppo-SYNTH-s1-1 --symbol SYNTH/USDT --journal trial --server http://127.0.0.1:8686 --force',
  ],
  async run(options, context) {
    const runContext = await openRunContext(options, context);
    try {
      return await runSession(await openSession('paper', options, context, runContext), context);
    } finally {
      runContext.kernels.dispose();
    }
  },
});
