/** Names that settings and flags had in earlier versions: still taken, with a note. */

/** Dotted path of a setting -> its path today. */
export const FORMER_SETTINGS: ReadonlyMap<string, string> = new Map([
  ['features.timeframe', 'features.window'],
  ['bot.exchange', 'bot.venue'],
]);

/** Flag -> the flag today. */
export const FORMER_FLAGS: ReadonlyMap<string, string> = new Map([['--exchange', '--venue']]);

type Section = Record<string, unknown>;

/** Moves what stands under a former name to its place of today, in place. @returns a note for each that was moved */
export function renameFormerSettings(settings: Section): string[] {
  const notes: string[] = [];
  for (const [former, name] of FORMER_SETTINGS) {
    const [section, key] = former.split('.');
    const [, newKey] = name.split('.');
    const found = settings[section] as Section | null | undefined;
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, key)) continue;
    const { [key]: value, ...rest } = found;
    settings[section] = Object.hasOwn(rest, newKey) ? rest : { ...rest, [newKey]: value };
    notes.push(`the setting ${former} is called ${name} now`);
  }
  return notes;
}

/** The words of a command line with today's flags. @returns them, and a note for each that was replaced */
export function renameFormerFlags(words: readonly string[]): { readonly words: string[]; readonly notes: string[] } {
  const notes: string[] = [];
  const renamed = words.map((word) => {
    const [flag, ...value] = word.split('=');
    const name = FORMER_FLAGS.get(flag);
    if (name === undefined) return word;
    notes.push(`the flag ${flag} is called ${name} now`);
    return [name, ...value].join('=');
  });
  return { words: renamed, notes };
}
