/**
 * Asks a bot's status page whether all is well: every symbol was decided on in time, nothing is halted or unresolved.
 * Usage: node healthcheck.mjs STORAGE [PORT]. Exit code 0 where it says so, 1 otherwise.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const [storage = 'database/storage', port = '9377'] = process.argv.slice(2);

/** Of the bot that was started last: earlier ones leave theirs behind. */
function newestToken() {
  const bots = join(storage, 'bots');
  const files = readdirSync(bots)
    .map((name) => join(bots, name, 'status-token'))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  const [newest] = files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (newest === undefined) throw new Error(`no bot was started in ${storage}`);
  return readFileSync(newest, 'utf8').trim();
}

try {
  const answer = await fetch(`http://127.0.0.1:${port}/health`, {
    headers: { authorization: `Bearer ${process.env.TRADERNET_STATUS_TOKEN ?? newestToken()}` },
    signal: AbortSignal.timeout(8_000),
  });
  console.log((await answer.text()).trim());
  process.exitCode = answer.status === 200 ? 0 : 1;
} catch (error) {
  console.log(String(error.cause ?? error));
  process.exitCode = 1;
}
