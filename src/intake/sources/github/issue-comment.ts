import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { eventHandler } from '../handler.ts';
import { ignored } from '../source.ts';
import { commandIn } from './comment-command.ts';
import { isOwnApp } from './own-check.ts';
import { actor, app, association, id, maybeUrl, nodeId, repository, word } from './schema.ts';

const schema = z.object({
  action: word,
  issue: z.object({ number: id, pull_request: z.object({}).nullish() }),
  comment: z.object({
    id,
    node_id: nodeId,
    body: z.string().nullish(),
    html_url: maybeUrl,
    user: actor,
    author_association: association,
    performed_via_github_app: app,
  }),
  repository,
  sender: actor,
});

export const issueComment = eventHandler(schema, (event, self) => {
  const { comment, issue } = event;
  if (isOwnApp(comment.performed_via_github_app, self)) return ignored(reason('healer_itself'));
  // An edited comment has been answered once already; editing must not run it again.
  if (event.action !== 'created')
    return ignored(reason('not_a_failure', `A comment was ${event.action}; only new comments are read for commands.`));
  const command = commandIn({
    repository: event.repository,
    number: issue.number,
    isPullRequest: Boolean(issue.pull_request),
    place: null,
    kind: 'issue',
    comment,
    by: comment.user ?? event.sender,
  });
  return command ?? ignored(reason('not_a_failure', 'The comment holds no /healer command.'));
});
