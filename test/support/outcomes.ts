import type { RememberedOutcome } from '../../src/store/outcomes.ts';

/** A first attempt that made a Rust build green. */
export function anOutcome(changes: Partial<RememberedOutcome> = {}): RememberedOutcome {
  const { remediationId = 'r1' } = changes;
  return {
    remediationId,
    taskId: `ci-${remediationId}`,
    ordinal: 1,
    number: 1,
    repository: 'acme/shop',
    failureType: 'rust_build',
    fingerprint: 'f1',
    rule: 'rust-build',
    routedAgent: 'rex',
    agent: 'rex',
    outcome: 'success',
    changed: true,
    approach: 'Added the missing import.',
    detail: 'Green on 1a2b3c4d: build.',
    stillRed: [],
    durationMs: 90_000,
    costUsd: 0.25,
    startedAt: 100,
    endedAt: 90_100,
    ...changes,
  };
}
