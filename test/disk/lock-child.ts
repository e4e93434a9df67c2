/** Tries to take a lock at a given moment, tells how it went, and holds it until it is killed. */
import { takeLock } from '../../src/disk/process-lock.ts';

const [, , path, atMs] = process.argv;
while (Date.now() < Number(atMs));
process.stdout.write(takeLock(path) === null ? 'refused\n' : 'taken\n');
setInterval(() => {}, 1000);
