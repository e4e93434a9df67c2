/** Settings as earlier versions called them: still taken, with a note. */

/** Dotted path of a setting -> its path today. */
export const FORMER_SETTINGS: ReadonlyMap<string, string> = new Map([
  ['features.timeframe', 'features.window'],
  ['bot.exchange', 'bot.venue'],
]);

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
