import type { ServerKeys } from './dialect.ts';

/** What a rehearsal server asks for and a bot shows it: made up. A real key is never sent to one. */
export const REHEARSAL_KEYS: ServerKeys = { key: 'rehearsal-key', secret: 'rehearsal-secret' };
