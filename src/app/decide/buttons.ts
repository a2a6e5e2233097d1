import { pullOfRef } from '../../lib/github/pull-ref.ts';
import type { CommandSignal, ReviewSignal } from '../../model/signal.ts';
import { BUTTONS } from '../../report/notifiers/check-run/index.ts';
import type { Tx } from '../../store/open.ts';
import { findRemediation } from '../../store/remediations.ts';

/**
 * A pressed button of Healer's own check is the command of its name, on the pull request that the check's remediation is
 * about. Null for every other button, and for one that nobody pressed.
 */
export async function commandOfButton(tx: Tx, signal: ReviewSignal): Promise<CommandSignal | null> {
  const { button, actor, repository } = signal;
  if (button === null || !button.isOwn || actor === null || button.externalId === null) return null;
  const known = Object.hasOwn(BUTTONS, button.identifier) ? (button.identifier as keyof typeof BUTTONS) : null;
  const remediation = known === null ? null : await findRemediation(tx, button.externalId);
  // Task ids are unique everywhere: a check of another repository that bears one is not about it.
  if (known === null || remediation === null || remediation.repository.toLowerCase() !== repository.toLowerCase())
    return null;
  const pullRequest = pullOfRef(remediation.branch) ?? remediation.pullRequest ?? signal.pullRequest;
  if (pullRequest === null) return null;
  return {
    kind: 'command',
    repository,
    defaultBranch: signal.defaultBranch,
    pullRequest,
    isPullRequest: true,
    commentId: button.checkRunId,
    commentKind: 'button',
    commentNodeId: null,
    url: signal.url,
    actor,
    authorAssociation: null,
    verb: BUTTONS[known].verb,
    argument: '',
    headRef: signal.headRef,
    headSha: signal.headSha,
    baseRef: signal.baseRef,
    fromFork: signal.fromFork,
  };
}
