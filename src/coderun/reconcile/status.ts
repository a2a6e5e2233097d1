import type { StatusPatch } from '../engine.ts';
import type { CodeRun, CodeRunPhase, CodeRunStatus, Condition } from '../schema.ts';

/** What should be true of a condition; times and generation are added here. */
export type Claim = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

const RANK: Readonly<Record<CodeRunPhase, number>> = { Pending: 0, Running: 1, Succeeded: 2, Failed: 2, Cancelled: 2 };

/** The later of two phases; a run that was seen running does not become pending again, a terminal one never moves. */
export function laterPhase(current: CodeRunPhase, next: CodeRunPhase): CodeRunPhase {
  return RANK[next] > RANK[current] ? next : current;
}

/** RFC 3339 without fractions, as Kubernetes writes times. */
export function timestamp(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

/** The conditions with `claims` laid over them. `lastTransitionTime` moves only when a condition's status does. */
export function withConditions(codeRun: CodeRun, claims: readonly Claim[], now: number): readonly Condition[] {
  const conditions = [...codeRun.status.conditions];
  for (const claim of claims) {
    const index = conditions.findIndex((condition) => condition.type === claim.type);
    const before = conditions[index];
    const isSame = before?.status === claim.status;
    const lastTransitionTime = isSame ? before.lastTransitionTime : timestamp(now);
    const after = { ...claim, observedGeneration: codeRun.generation, lastTransitionTime };
    if (before === undefined) conditions.push(after);
    else conditions[index] = after;
  }
  return conditions;
}

/** The fields of `wanted` that differ from what is there; null when none does, so that nothing is written. */
export function statusDiff(current: CodeRunStatus, wanted: StatusPatch): StatusPatch | null {
  const changed = Object.entries(wanted).filter(
    ([key, value]) => value !== undefined && canonical(value) !== canonical(current[key as keyof CodeRunStatus]),
  );
  return changed.length === 0 ? null : Object.fromEntries(changed);
}

/** JSON with keys in order, so that two equal documents are one text whoever wrote them. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
