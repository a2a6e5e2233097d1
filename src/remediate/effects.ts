import type { Remediation } from '../model/remediation.ts';

/**
 * What the outside world has to do about a remediation. Written to the store in the same transaction as the new state
 * and carried out at least once; carrying it out twice changes nothing the second time.
 */
export type Effect =
  | { readonly kind: 'gather'; readonly ordinal: number; readonly round: number }
  | { readonly kind: 'spawn'; readonly ordinal: number; readonly briefId: string }
  | { readonly kind: 'cancel_run'; readonly ordinal: number }
  | { readonly kind: 'rerun' }
  | { readonly kind: 'read_checks'; readonly ordinal: number; readonly phase: 'verifying' | 'rerunning' }
  | { readonly kind: 'open_pull_request'; readonly ordinal: number }
  | { readonly kind: 'comment' }
  /** The same on the commit, where Healer is a GitHub App. */
  | { readonly kind: 'check_run' }
  /** Keeps how the attempt with that ordinal, or the whole remediation, ended. */
  | { readonly kind: 'remember'; readonly about: number | 'end' };

export type EffectKind = Effect['kind'];

/** An effect with the time it is due. */
export interface Planned {
  readonly effect: Effect;
  readonly dueAt: number;
}

/** Kinds that may be asked for again after they were done: their key names a duty, not a deed. */
export const REPEATABLE: ReadonlySet<EffectKind> = new Set([
  'comment',
  'check_run',
  'read_checks',
  'cancel_run',
  'gather',
]);

/** The idempotency key: the same duty has the same key, whoever plans it and however often. */
export function effectKey(remediationId: string, effect: Effect): string {
  switch (effect.kind) {
    case 'gather':
      return `${remediationId}:gather:${effect.ordinal}:${effect.round}`;
    case 'spawn':
    case 'cancel_run':
    case 'open_pull_request':
      return `${remediationId}:${effect.kind}:${effect.ordinal}`;
    case 'read_checks':
      return `${remediationId}:read_checks:${effect.phase}:${effect.ordinal}`;
    case 'remember':
      return `${remediationId}:remember:${effect.about}`;
    case 'rerun':
    case 'comment':
    case 'check_run':
      return `${remediationId}:${effect.kind}`;
  }
}

/** Whether the effect still serves the remediation as it is now; one planned earlier may have been overtaken. */
export function isWanted(effect: Effect, remediation: Remediation): boolean {
  const current = remediation.attempts.at(-1);
  switch (effect.kind) {
    case 'gather':
      return (
        remediation.phase === 'gathering' &&
        effect.ordinal === remediation.spawned + 1 &&
        effect.round === remediation.phaseSince
      );
    case 'spawn':
      return remediation.phase === 'working' && current?.ordinal === effect.ordinal && current.endedAt === null;
    case 'rerun':
      return remediation.phase === 'rerunning' || remediation.phase === 'verifying';
    case 'read_checks':
      return remediation.phase === effect.phase && remediation.spawned === effect.ordinal;
    case 'open_pull_request':
      // CI may be green before the pull request could be opened; without it nobody would review the repair.
      return (
        (remediation.phase === 'verifying' || remediation.phase === 'succeeded') &&
        remediation.spawned === effect.ordinal &&
        remediation.pullRequest === null
      );
    case 'cancel_run':
    case 'comment':
    case 'check_run':
    case 'remember':
      return true;
  }
}
