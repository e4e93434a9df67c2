/** Whether an agent may be judged on some bars. */
import type { LoadedAgent } from './learner.ts';
import type { Origin } from './origin.ts';

/** The agent and all that it is made of, a supervisor and an ensemble's members among them. */
export function partsOf(agent: LoadedAgent): LoadedAgent[] {
  return [agent, ...(agent.parts ?? []).flatMap(partsOf)];
}

const minute = (timeMs: number) => new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');

/**
 * Why a verdict on bars from `fromMs` on would say nothing: some part was trained or chosen on them or on later ones, of
 * whatever market, since their moves are the same news; or nobody knows. null where nothing is in the way.
 */
export function findObstacle(agents: readonly LoadedAgent[], fromMs: number): string | null {
  let latest: (Origin['seen'][number] & { readonly kind: string }) | null = null;
  for (const part of agents.flatMap(partsOf)) {
    const { origin = null } = part.spec;
    // What only joins others has seen what they have.
    if (part.parts !== undefined) continue;
    if (origin === null)
      return `the checkpoint does not say which bars its ${part.kind} agent was trained on (an earlier version made it); train it anew`;
    for (const seen of origin.seen)
      if (latest === null || seen.toMs > latest.toMs) latest = { ...seen, kind: part.kind };
  }
  if (latest === null || fromMs >= latest.toMs) return null;
  const { kind, fold, market, toMs } = latest;
  return `its ${kind} agent was ${fold === 'train' ? 'trained' : 'chosen'} on bars of ${market} up to ${minute(toMs)}, and these begin at ${minute(fromMs)}; give --test-from a later day`;
}
