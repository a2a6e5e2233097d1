import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import type { ReviewSignal } from '../../../model/signal.ts';
import { cleanText } from '../../clean.ts';
import { eventHandler } from '../handler.ts';
import { ignored, type NormaliseResult, said } from '../source.ts';
import { commandIn } from './comment-command.ts';
import { isOwnApp } from './own-check.ts';
import { placeOf, pull } from './pull.ts';
import { appOf } from './reviewer.ts';
import { actor, app, association, id, maybeUrl, nodeId, repository, word } from './schema.ts';

/** Longest review kept, in UTF-16 units; GitHub takes twice that. */
const MAX_REVIEW = 32_768;

const schema = z.object({
  action: word,
  review: z.object({
    id,
    node_id: nodeId,
    user: actor,
    body: z.string().nullish(),
    state: z.string().toLowerCase().pipe(word),
    html_url: maybeUrl,
    author_association: association,
    performed_via_github_app: app,
  }),
  pull_request: pull,
  repository,
  sender: actor,
});
type ReviewEvent = z.infer<typeof schema>;

/** The findings of a review, or why it holds none that call for a repair. */
function findingsOf(event: ReviewEvent): ReviewSignal | string {
  const { review, pull_request, repository: own } = event;
  const what = `The review of pull request ${pull_request.number}`;
  if (review.state !== 'changes_requested' && review.state !== 'commented')
    return `${what} says ${review.state}; nothing is to be repaired.`;
  const body = cleanText(review.body ?? '', MAX_REVIEW);
  // The comments on lines come as events of their own, and there is nothing else in it.
  if (review.state === 'commented' && body.trim() === '') return `${what} has no words of its own.`;
  return {
    kind: 'review_requested',
    repository: own.full_name,
    defaultBranch: own.default_branch,
    pullRequest: pull_request.number,
    ...placeOf(pull_request, own),
    source: 'review',
    reviewer: review.user,
    app: appOf(review.user, review.performed_via_github_app),
    actor: event.sender,
    authorAssociation: review.author_association,
    state: review.state,
    reviewId: review.id,
    commentId: null,
    button: null,
    findings: [],
    body,
    url: review.html_url,
  };
}

function commandOf({ review, pull_request, repository: own, sender }: ReviewEvent): NormaliseResult | null {
  return commandIn({
    repository: own,
    number: pull_request.number,
    isPullRequest: true,
    place: placeOf(pull_request, own),
    kind: 'review_body',
    comment: review,
    by: review.user ?? sender,
  });
}

export const pullRequestReview = eventHandler(schema, (event, self) => {
  if (isOwnApp(event.review.performed_via_github_app, self)) return ignored(reason('healer_itself'));
  if (event.action !== 'submitted')
    return ignored(reason('not_a_failure', `A review was ${event.action}; only submitted reviews are read.`));
  const findings = findingsOf(event);
  const command = commandOf(event);
  const signals = [...(command?.signals ?? []), ...(typeof findings === 'string' ? [] : [findings])];
  if (signals.length > 0) return said(...signals);
  return command ?? ignored(reason('not_a_failure', String(findings)));
});
