import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { cleanText } from '../../clean.ts';
import { eventHandler } from '../handler.ts';
import { ignored, said } from '../source.ts';
import { commandIn } from './comment-command.ts';
import { isOwnApp } from './own-check.ts';
import { placeOf, pull } from './pull.ts';
import { appOf } from './reviewer.ts';
import { actor, app, association, id, line, maybe, maybeUrl, nodeId, repository, word } from './schema.ts';

const schema = z.object({
  action: word,
  comment: z.object({
    id,
    node_id: nodeId,
    pull_request_review_id: maybe(id),
    in_reply_to_id: maybe(id),
    path: line,
    line: maybe(id),
    body: z.string().nullish(),
    html_url: maybeUrl,
    user: actor,
    author_association: association,
    performed_via_github_app: app,
  }),
  pull_request: pull,
  repository,
  sender: actor,
});
type CommentEvent = z.infer<typeof schema>;

function findingOf({ comment, pull_request, repository: own, sender }: CommentEvent) {
  return said({
    kind: 'review_requested',
    repository: own.full_name,
    defaultBranch: own.default_branch,
    pullRequest: pull_request.number,
    ...placeOf(pull_request, own),
    source: 'review_comment',
    reviewer: comment.user,
    app: appOf(comment.user, comment.performed_via_github_app),
    actor: sender,
    authorAssociation: comment.author_association,
    state: null,
    reviewId: comment.pull_request_review_id,
    commentId: comment.id,
    button: null,
    findings: [{ path: comment.path, line: comment.line, body: cleanText(comment.body ?? '') }],
    body: '',
    url: comment.html_url,
  });
}

export const reviewComment = eventHandler(schema, (event, self) => {
  const { comment, pull_request, repository: own } = event;
  if (isOwnApp(comment.performed_via_github_app, self)) return ignored(reason('healer_itself'));
  if (event.action !== 'created')
    return ignored(reason('not_a_failure', `A review comment was ${event.action}; only new comments are read.`));
  const command = commandIn({
    repository: own,
    number: pull_request.number,
    isPullRequest: true,
    place: placeOf(pull_request, own),
    kind: 'review',
    comment,
    by: comment.user ?? event.sender,
  });
  if (command !== null) return command;
  if (comment.in_reply_to_id !== null)
    return ignored(reason('not_a_failure', 'The review comment answers another one; it is talk, not a finding.'));
  if ((comment.body ?? '').trim() === '') return ignored(reason('not_a_failure', 'The review comment is empty.'));
  return findingOf(event);
});
