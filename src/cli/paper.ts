import { openSession, runSession, SESSION_OPTIONS } from './bot-session.ts';
import type { Command } from './command.ts';
import { openRunContext } from './run-context.ts';

const command: Command = {
  name: 'paper',
  summary: 'run the bot with simulated orders',
  options: SESSION_OPTIONS,
  examples: [
    'tradernet paper --checkpoint ppo-BTCUSDT-s1-1 --symbol BTC/USDT --venue binance',
    'tradernet paper --checkpoint ppo-SYNTH-s1-1 --symbol BTC/USDT --server http://127.0.0.1:8686',
  ],
  async run(options, context) {
    const runContext = await openRunContext(options, context);
    try {
      return await runSession(await openSession('paper', options, context, runContext), context);
    } finally {
      runContext.kernels.dispose();
    }
  },
};

export const commands = [command];
