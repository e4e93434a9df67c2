import { type Command, type Context, type Output, propertyOf } from '../../src/cli/command.ts';

/** Runs a command as the command line does: defaults filled in, flags that aren't given false. */
export function callCommand(
  command: Command,
  given: Readonly<Record<string, unknown>>,
  context: Context,
  args: readonly string[] = [],
): Promise<Output> {
  const defaults = Object.entries(command.options).map(([flags, option]) => [
    propertyOf(flags),
    flags.includes(' ') ? option.default : flags.startsWith('--no-'),
  ]);
  return command.run({ ...Object.fromEntries(defaults), ...given } as never, context, args);
}
