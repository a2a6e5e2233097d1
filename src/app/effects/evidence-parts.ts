import type { Evidence } from '../../brief/evidence.ts';
import type { Classification } from '../../model/evidence.ts';
import type { FailedCheck } from '../../model/signal.ts';
import { type Redactor, safeText } from '../../safety/index.ts';

/** The evidence without the checks that the repository does not want repaired; unless those are all that is red. */
export function wantedOf(evidence: Evidence, ignored: readonly string[]): Evidence {
  const isWanted = ({ name }: FailedCheck): boolean => !ignored.includes(name);
  const failedChecks = evidence.failedChecks.filter(isWanted);
  if (failedChecks.length === 0) return evidence;
  return { ...evidence, failedChecks, logs: evidence.logs.filter(({ check }) => isWanted(check)) };
}

/** What the log said goes through the gate before it is stored or shown. */
export function safe(classification: Classification, redactor: Redactor): Classification {
  const { evidence, excerpt } = classification;
  return {
    ...classification,
    evidence: evidence.map((line) => ({ ...line, text: safeText(line.text, redactor) })),
    excerpt: { ...excerpt, text: safeText(excerpt.text, redactor) },
  };
}
