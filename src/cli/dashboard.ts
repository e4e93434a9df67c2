import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { InputError } from '../core/errors.ts';
import { serveDashboard } from '../dashboard/server.ts';
import { NodeFileSystem } from '../disk/node-file-system.ts';
import { defineCommand } from './command.ts';
import { parseInteger } from './options.ts';
import { readCodeVersion } from './run-context.ts';

/** Beside src/ in the repository and in the package. */
const PAGE = fileURLToPath(new URL('../../dashboard/build', import.meta.url));
const ENTRY = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url));

export const dashboard = defineCommand({
  options: {
    '--port <n>': { doc: 'on 127.0.0.1; 0: any that is free', parse: parseInteger(0, 65_535), default: 9_376 },
    '--demo': { doc: 'makes the runs of the demo where there is none yet' },
  },
  examples: ['tradernet dashboard', 'tradernet dashboard --port 0'],
  async run(options, context) {
    if (!existsSync(`${PAGE}/index.html`))
      throw new InputError("the page isn't built; 'npm run dashboard' builds it and starts this command");
    const token = context.env.TRADERNET_DASHBOARD_TOKEN ?? randomBytes(24).toString('base64url');
    if (token.length < 16) throw new InputError('TRADERNET_DASHBOARD_TOKEN: give 16 characters or more');
    const files = new NodeFileSystem(context.storage);
    const server = await serveDashboard({
      ...{ files, storage: context.storage, clock: context.clock, token, port: options.port },
      ...{ version: readCodeVersion(), page: PAGE, entry: ENTRY, cwd: context.cwd, env: context.env },
      ...{ firstJob: options.demo && files.list('runs').length === 0 ? ['demo'] : null },
    });
    const url = `http://127.0.0.1:${server.port}/#token=${token}`;
    context.print(`${styleText('bold', url)}\nfor this machine alone, until Ctrl-C; the address holds the token`);
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      else context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await server.close();
    return { text: 'closed', json: { port: server.port } };
  },
});
