import type { AgentRate } from '../../decide/agent-choice.ts';
import { HORIZON_MS } from '../../learn/decay.ts';
import { agentRates } from '../../learn/rates.ts';
import type { FailureType } from '../../model/failure-type.ts';
import type { Store } from '../../store/open.ts';
import { skillSamples } from '../../store/outcomes.ts';

/** More attempts than these say nothing new about an agent. */
const MAX_SAMPLES = 1_000;

/** How agents fared with a type of failure, as far as it is remembered. */
export async function experienceOf(
  { db }: Pick<Store, 'db'>,
  failureType: FailureType,
  now: number,
): Promise<readonly AgentRate[]> {
  const samples = await skillSamples(db, { failureType, since: now - HORIZON_MS, limit: MAX_SAMPLES });
  return agentRates(samples, now);
}
