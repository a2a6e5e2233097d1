import { causeKey, takesCauses } from '../../model/cause.ts';
import { type Reason, type ReasonCode, reason } from '../../model/reason.ts';
import { type Cause, isTerminal } from '../../model/remediation.ts';
import type { PlatformAlertSignal, PlayFailedSignal, ReviewSignal, SecuritySignal } from '../../model/signal.ts';
import { type Admission, attemptsLeft, notRecent, pass, repositoryAllowed } from './admission.ts';
import type { KnownFacts } from './known.ts';
import type { AdmissionPolicy } from './policy.ts';

export function admitSecurity(
  signal: SecuritySignal,
  known: KnownFacts,
  policy: AdmissionPolicy,
  now: number,
): Admission {
  const refused = repositoryAllowed({ signal, known, policy, now });
  if (refused !== null) return refused;
  if (signal.kind === 'security_resolved') {
    return resolved(signal, known, `Alert ${causeKey(signal)} was resolved (${signal.resolution ?? signal.action}).`);
  }
  return raise(signal, { headSha: signal.headSha }, known, policy, now);
}

export function admitAlert(
  signal: PlatformAlertSignal,
  known: KnownFacts,
  policy: AdmissionPolicy,
  now: number,
): Admission {
  const repository = signal.repository ?? policy.platformRepository;
  if (signal.status === 'resolved') return resolved(signal, known, `The alert ${signal.title} was resolved.`);
  if (repository === null) return pass('skipped', reason('no_repository'));
  const refused = repositoryAllowed({ signal: { repository }, known, policy, now });
  return refused ?? raise(signal, { headSha: null }, known, policy, now);
}

export function admitPlay(
  signal: PlayFailedSignal,
  known: KnownFacts,
  policy: AdmissionPolicy,
  now: number,
): Admission {
  const refused = repositoryAllowed({ signal, known, policy, now });
  return refused ?? raise(signal, { headSha: null }, known, policy, now);
}

export function admitReview(signal: ReviewSignal, known: KnownFacts, policy: AdmissionPolicy, now: number): Admission {
  const refused = repositoryAllowed({ signal, known, policy, now });
  if (refused !== null) return refused;
  // Those that Healer's check carries are commands, and never come here.
  if (signal.button?.isOwn) return pass('ignored', reason('button_unknown'));
  if (signal.headRef === null) return pass('ignored', reason('no_branch'));
  if (signal.fromFork === true) return pass('skipped', reason('fork'));
  const slug = signal.app?.slug ?? null;
  // A check tells its App's id, which nobody can take over; a review tells the slug only.
  const names = [slug, signal.app?.id ?? null].filter((name) => name !== null);
  const isListed = names.some((name) => policy.reviewApps.includes(String(name)));
  if (!isListed) {
    const who = slug ?? signal.reviewer?.login ?? 'the reviewer';
    return pass(
      'skipped',
      reason('reviewer_not_listed', `${who} is not on the list of review bots; people ask with a command.`),
    );
  }
  return raise(signal, { headSha: signal.headSha }, known, policy, now);
}

/** A cause that asks for a repair: joined to what is under way, kept away by what was tried, or new. */
function raise(
  cause: Cause,
  signal: { readonly headSha: string | null },
  known: KnownFacts,
  policy: AdmissionPolicy,
  now: number,
): Admission {
  const { live } = known;
  if (live !== null) {
    const sameKind: ReasonCode =
      cause.kind === 'security_raised' || cause.kind === 'platform_alert' ? 'same_alert' : 'same_branch';
    const isKnown = live.causes.some((other) => causeKey(other) === causeKey(cause));
    if (isKnown || takesCauses(live.phase)) {
      return {
        kind: 'tell',
        remediation: live,
        fact: { kind: 'cause_joined', cause },
        reason: reason(sameKind, `Joined to ${live.taskId}.`),
      };
    }
    return pass(
      'skipped',
      reason('branch_busy', `${live.taskId} is ${live.phase}; ask again when it has ended.`),
      live.id,
    );
  }
  const input = { signal, known, policy, now };
  return notRecent(input) ?? attemptsLeft(input) ?? { kind: 'open', reason: opening(cause), continues: false };
}

function opening(cause: Cause): Reason {
  return reason('new_failure', `${cause.kind.replaceAll('_', ' ')}: ${causeKey(cause)}.`);
}

function resolved(cause: Cause, known: KnownFacts, detail: string): Admission {
  const { live } = known;
  if (live === null || isTerminal(live.phase)) return pass('ignored', reason('nothing_to_resolve'));
  return {
    kind: 'tell',
    remediation: live,
    fact: { kind: 'cause_resolved', key: causeKey(cause), detail },
    reason: reason('progress_noted', detail),
  };
}
