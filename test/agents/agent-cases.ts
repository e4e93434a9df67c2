/** The cases of all agents in the list, by name. */
import { LEARNERS, type LearnerName } from '../../src/agents/index.ts';
import type { AgentCase } from './agent-cases/agent-case.ts';

async function readCase(name: LearnerName): Promise<AgentCase> {
  const found = await import(`./agent-cases/${name}.ts`).catch((error: Error) => error);
  if (found instanceof Error)
    throw new Error(`test/agents/agent-cases/${name}.ts: ${found.message}; see CONTRIBUTING.md`, { cause: found });
  return found.agentCase;
}

export const NAMES: readonly LearnerName[] = LEARNERS.map(({ name }) => name);
export const CASES = Object.fromEntries(
  await Promise.all(NAMES.map(async (name) => [name, await readCase(name)] as const)),
) as Record<LearnerName, AgentCase>;
