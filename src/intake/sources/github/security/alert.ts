import { reason } from '../../../../model/reason.ts';
import type { Actor, SecuritySignal } from '../../../../model/signal.ts';
import { boundedKey } from '../../fields.ts';
import { ignored, type NormaliseResult, said } from '../../source.ts';
import { branchOf, pullRequestOf } from '../branch.ts';
import type { Repository } from '../schema.ts';

/** What an action does to an alert; every other action of an event does neither. */
export interface Actions {
  readonly raise: readonly string[];
  /** The action, and the resolution that it stands for. */
  readonly resolve: Readonly<Record<string, string>>;
}

type Told = Pick<
  SecuritySignal,
  'alertKind' | 'number' | 'groupKey' | 'title' | 'severity' | 'url' | 'ref' | 'headSha' | 'details'
> & {
  /** Who resolved it, when the alert says. */
  readonly resolvedBy: Actor | null;
  /** Why, when the alert says more than the action does. */
  readonly resolution: string | null;
};

interface AlertEvent {
  readonly action: string;
  readonly repository: Repository;
  readonly sender: Actor | null;
}

/** The signal of an alert event, once its kind is told. */
export function alertSignal(event: AlertEvent, actions: Actions, told: Told): NormaliseResult {
  const { action, repository, sender } = event;
  const isRaised = actions.raise.includes(action);
  const resolution = Object.hasOwn(actions.resolve, action) ? actions.resolve[action] : undefined;
  if (!isRaised && resolution === undefined) {
    const what = `The ${told.alertKind} alert #${told.number} of ${repository.full_name}`;
    return ignored(reason('not_a_failure', `${what} was ${action}; that neither raises nor resolves it.`));
  }
  const { resolvedBy, resolution: why, ...rest } = told;
  return said({
    kind: isRaised ? 'security_raised' : 'security_resolved',
    repository: repository.full_name,
    defaultBranch: repository.default_branch,
    ...rest,
    groupKey: boundedKey(rest.groupKey),
    action,
    branch: branchOf(rest.ref),
    pullRequest: pullRequestOf(rest.ref),
    resolution: isRaised ? null : (why ?? resolution ?? null),
    actor: isRaised ? sender : (resolvedBy ?? sender),
  });
}

/** Parts of a group's key; `:` and `%` within one are encoded, so that no two groups share a key. */
export function groupKey(...parts: readonly string[]): string {
  return parts.map((part) => part.replace(/[%:]/g, (mark) => (mark === ':' ? '%3A' : '%25'))).join(':');
}
