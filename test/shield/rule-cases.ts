/** The cases of all rules in the list, by name. */
import { RULES } from '../../src/shield/index.ts';
import type { RuleCase } from './rule-cases/rule-case.ts';

async function readCase(name: string): Promise<RuleCase> {
  const found = await import(`./rule-cases/${name}.ts`).catch((error: Error) => error);
  if (found instanceof Error)
    throw new Error(`test/shield/rule-cases/${name}.ts: ${found.message}; see CONTRIBUTING.md`, { cause: found });
  return found.ruleCase;
}

export const CASES: Readonly<Record<string, RuleCase>> = Object.fromEntries(
  await Promise.all(RULES.map(async ({ name }) => [name, await readCase(name)] as const)),
);
