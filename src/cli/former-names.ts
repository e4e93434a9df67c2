/** Names that flags had in earlier versions: still taken, with a note. */

/** Flag -> the flag today. */
const FORMER_FLAGS: ReadonlyMap<string, string> = new Map([
  ['--exchange', '--venue'],
  ['--workers', '--jobs'],
]);

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
