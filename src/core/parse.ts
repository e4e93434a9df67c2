import type { z } from 'zod';
import { InputError } from './errors.ts';

/**
 * What came from a file or another program, as its schema says.
 * @param what whose value it is, and `mend` what to do where it isn't as it should be
 * @throws InputError in one line: what, where in it, why, how to mend it
 */
export function parseAs<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
  mend: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  const where = path.map(String).join('.');
  throw new InputError(`${what}: ${where === '' ? '' : `${where}: `}${message}; ${mend}`);
}
