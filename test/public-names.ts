/** The names that src/index.ts gives out, each with the comment at its declaration. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface PublicName {
  readonly name: string;
  /** Where it is declared, from the repository's root. */
  readonly file: string;
  readonly isType: boolean;
  /** Without the stars; empty where there is none. */
  readonly comment: string;
}

const DECLARATION = (name: string) =>
  new RegExp(
    `(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?export (?:declare )?(?:async )?(const|let|function\\*?|class|interface|type) ${name}\\b`,
  );

function clean(comment: string | undefined): string {
  return (comment ?? '')
    .replace(/^\/\*\*|\*\/\s*$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim();
}

/** Follows re-exports to the files that declare. */
export function listPublicNames(path = join(ROOT, 'src/index.ts')): PublicName[] {
  const text = readFileSync(path, 'utf8');
  const found: PublicName[] = [];
  const declared = (name: string, file: string): PublicName => {
    const source = readFileSync(file, 'utf8');
    const match = DECLARATION(name).exec(source);
    if (match !== null) {
      const [, comment, keyword] = match;
      return { name, file: relative(ROOT, file), isType: /^(interface|type)$/.test(keyword), comment: clean(comment) };
    }
    const [, target] = new RegExp(`export (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '([^']+)'`).exec(source) ?? [];
    if (target === undefined) throw new Error(`${relative(ROOT, file)} declares no ${name}`);
    return declared(name, join(dirname(file), target));
  };
  for (const [, names, star, target] of text.matchAll(/^export (?:type )?(?:\{([^}]*)\}|(\*)) from '([^']+)';/gm)) {
    const file = join(dirname(path), target);
    if (star !== undefined) {
      found.push(...listPublicNames(file));
      const own = readFileSync(file, 'utf8').matchAll(
        /^export (?:async )?(?:const|function\*?|class|interface|type) (\w+)/gm,
      );
      for (const [, name] of own) found.push(declared(name, file));
      continue;
    }
    for (const one of names.split(',').map((part) => part.trim().replace(/^type /, ''))) {
      if (one !== '') found.push(declared(one, file));
    }
  }
  return found;
}
