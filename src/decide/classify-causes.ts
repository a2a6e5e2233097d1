import type { Classification } from '../model/evidence.ts';
import { FAILURE_TYPES, type FailureType, isTransient } from '../model/failure-type.ts';
import type { Cause } from '../model/remediation.ts';
import { classify } from './classify/index.ts';
import type { RuleSet } from './route/rule-set.ts';

/** What a cause says by its kind alone; null when only its text or its files tell (reviews and plays). */
function typeOf(cause: Cause): FailureType | null {
  switch (cause.kind) {
    case 'security_raised':
    case 'security_resolved':
      if (cause.alertKind === 'secret') return 'security_secret';
      return cause.alertKind === 'code_scan' ? 'security_code_scan' : 'security_dependabot';
    case 'platform_alert':
      return 'platform_alert';
    case 'review_requested':
    case 'play_failed':
      return null;
  }
}

/**
 * Who repairs what the causes ask for. Security alerts are the security agent's whatever else is in them; a review
 * goes to whoever owns the files it is about, a failed play to whoever its log names. Never transient: re-running
 * resolves none of them.
 */
export function classifyCauses(causes: readonly Cause[], rules: RuleSet): Classification {
  const types = causes.map(typeOf).filter((type) => type !== null);
  const logs = causes.map((cause) => (cause.kind === 'play_failed' ? `${cause.message}\n${cause.logs ?? ''}` : null));
  const log = logs.find((text) => text !== null) ?? null;
  const files = causes.flatMap((cause) =>
    cause.kind === 'review_requested' ? cause.findings.map((finding) => finding.path) : [],
  );
  const read = classify({ log, changedFiles: files }, rules);
  const [type] = types;
  if (type === undefined) return { ...read, ...(isTransient(read.failureType) ? general() : {}), transient: false };
  return {
    ...read,
    ...owned(type),
    transient: false,
    confidence: 1,
    rule: 'kind-of-signal',
    reason: `The signal itself says that it is ${FAILURE_TYPES[type].title}.`,
  };
}

const general = () => owned('general');

function owned(failureType: FailureType): Pick<Classification, 'agent' | 'failureType' | 'category'> {
  const { owner, category } = FAILURE_TYPES[failureType];
  return { agent: owner, failureType, category };
}
