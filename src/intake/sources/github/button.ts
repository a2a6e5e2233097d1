import { reason } from '../../../model/reason.ts';
import type { Actor } from '../../../model/signal.ts';
import { ignored, type NormaliseResult, said } from '../source.ts';
import type { Button, CheckRun } from './check-run-shape.ts';
import { viewOf } from './pull-requests.ts';
import type { Repository } from './schema.ts';

interface Press {
  readonly check_run: CheckRun;
  readonly requested_action: Button | null;
  readonly repository: Repository;
  readonly sender: Actor | null;
}

/** Somebody pressed a button of a check. GitHub tells only the App whose check it is. */
export function pressed(event: Press, isOwn: boolean): NormaliseResult {
  const { check_run: check, requested_action: action, repository, sender } = event;
  if (action === null)
    return ignored(reason('button_unknown', `A button of the check "${check.name}" was pressed, but not named.`));
  const pulls = viewOf(check.pull_requests, repository);
  return said({
    kind: 'review_requested',
    repository: repository.full_name,
    defaultBranch: repository.default_branch,
    pullRequest: pulls.numbers[0] ?? null,
    headRef: check.check_suite?.head_branch ?? pulls.headRef,
    headSha: check.head_sha,
    baseRef: pulls.baseRef,
    fromFork: pulls.fromFork,
    source: 'button',
    reviewer: null,
    app: check.app,
    actor: sender,
    authorAssociation: null,
    state: null,
    reviewId: null,
    commentId: null,
    button: {
      identifier: action.identifier,
      checkRunId: check.id,
      checkName: check.name,
      externalId: check.external_id,
      isOwn,
    },
    findings: [],
    body: [check.output?.title, check.output?.summary].filter(Boolean).join('\n\n'),
    url: check.html_url,
  });
}
