import type { Remediation } from '../../model/remediation.ts';
import type { Handler } from '../../remediate/worker.ts';
import { checkRunNotifier, renderCheckRun } from '../../report/notifiers/check-run/index.ts';
import type { StoredBrief } from '../../store/briefs.ts';
import { type CommentDeps, shownOf } from './comment.ts';

export interface CheckRunDeps extends CommentDeps {
  /** How the check ends when people have to take over. */
  readonly whenNotRepaired: 'neutral' | 'failure';
}

/**
 * Keeps the check “Healer” on the head of a remediation's pull request up to date: on the commit that was red, and then
 * on the agent's own. Planned with a GitHub App only, because nobody else may write checks.
 */
export function checkRunHandler(deps: CheckRunDeps): Handler<'check_run'> {
  const notifier = checkRunNotifier(deps.github);
  return async (_effect, remediation, signal) => {
    const shown = await shownOf(deps, remediation);
    if (shown === null || shown.isUnwanted || remediation.headSha === '') return { kind: 'done' };
    const message = renderCheckRun(remediation, {
      view: shown.view,
      evidenceSha: commitOf(remediation, shown.brief),
      whenNotRepaired: deps.whenNotRepaired,
    });
    try {
      const { action } = await notifier.tell(message, null, signal);
      deps.onResult?.(notifier.name, action);
    } catch (error) {
      deps.onResult?.(notifier.name, 'failed');
      throw error;
    }
    return { kind: 'done' };
  };
}

/** The commit whose failure a brief is about. */
function commitOf(remediation: Remediation, brief: StoredBrief | null): string | null {
  if (brief === null) return null;
  const attempt = remediation.attempts.find(({ briefId }) => briefId === brief.id);
  return attempt?.baseSha ?? remediation.headSha;
}
