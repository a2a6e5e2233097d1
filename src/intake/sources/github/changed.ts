import type { Actor, PullRequestChanged } from '../../../model/signal.ts';
import { type NormaliseResult, said } from '../source.ts';
import type { Repository } from './schema.ts';

type Change = Pick<PullRequestChanged, 'change' | 'branch'> & Partial<PullRequestChanged>;

/** A change of a branch or pull request; what the event does not say is null. */
export function changed(
  event: { readonly repository: Repository; readonly sender: Actor | null },
  change: Change,
): NormaliseResult {
  return said({
    kind: 'pull_request_changed',
    repository: event.repository.full_name,
    number: null,
    headSha: null,
    actor: event.sender,
    fromFork: false,
    baseRef: null,
    label: null,
    labels: null,
    draft: null,
    ...change,
  });
}
