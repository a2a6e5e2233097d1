import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import type { PullRequestChange } from '../../../model/signal.ts';
import { eventHandler } from '../handler.ts';
import { ignored } from '../source.ts';
import { changed } from './changed.ts';
import { label, placeOf, pull } from './pull.ts';
import { actor, id, maybe, repository, word } from './schema.ts';

const schema = z.object({
  action: word,
  number: id,
  pull_request: pull.omit({ number: true }),
  label: maybe(label),
  changes: maybe(z.object({ base: maybe(z.object({})) })),
  repository,
  sender: actor,
});

/** What an action of GitHub's means; every other one changes nothing that matters here. */
const CHANGES: Readonly<Record<string, PullRequestChange>> = {
  opened: 'opened',
  reopened: 'reopened',
  synchronize: 'head_moved',
  labeled: 'labeled',
  unlabeled: 'unlabeled',
  converted_to_draft: 'converted_to_draft',
  ready_for_review: 'ready_for_review',
};

function changeOf({ action, pull_request, changes }: z.infer<typeof schema>): PullRequestChange | null {
  if (action === 'closed') return pull_request.merged === true ? 'merged' : 'closed';
  if (action === 'edited') return changes?.base ? 'base_changed' : null;
  return Object.hasOwn(CHANGES, action) ? (CHANGES[action] ?? null) : null;
}

export const pullRequest = eventHandler(schema, (event) => {
  const { number } = event;
  const change = changeOf(event);
  if (change === null) {
    const detail = `Pull request ${number} was ${event.action}; that neither moves nor ends a remediation.`;
    return ignored(reason('not_a_failure', detail));
  }
  const { headRef, ...place } = placeOf({ ...event.pull_request, number }, event.repository);
  const { labels, draft } = event.pull_request;
  const isAboutLabel = change === 'labeled' || change === 'unlabeled';
  return changed(event, {
    change,
    branch: headRef,
    number,
    ...place,
    label: isAboutLabel ? (event.label?.name ?? null) : null,
    labels,
    draft,
  });
});
