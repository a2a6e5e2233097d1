import { RetryableError } from '../../lib/errors.ts';
import type { ContextFinding } from '../../model/evidence.ts';

/** What tells whether somebody said no: skip flags in the commit, labels and origin of the pull request. */
const GATE_SOURCES = ['pull-request', 'head-commit'];
const NO_ANSWER: readonly ContextFinding['status'][] = ['failed', 'timed_out'];

/**
 * Throws RetryableError when none of the sources answered on which the gates stand: then nobody knows whether an agent may
 * be sent, and there would be next to nothing to send it with. One that is missing is a fact that the prompt tells.
 */
export function assertSighted(findings: readonly ContextFinding[]): void {
  const gates = findings.filter(({ source, status }) => GATE_SOURCES.includes(source) && status !== 'not_relevant');
  const [first] = gates;
  if (first === undefined || gates.some(({ status }) => !NO_ANSWER.includes(status))) return;
  throw new RetryableError(`GitHub gave no evidence: ${first.summary}`);
}
