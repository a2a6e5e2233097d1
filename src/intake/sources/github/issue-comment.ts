import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { ignored, said } from '../source.ts';
import { parseCommand } from './command.ts';
import { eventHandler } from './handler.ts';
import { isOwnApp } from './own-check.ts';
import { actor, app, id, repository, word } from './schema.ts';

const schema = z.object({
  action: word,
  issue: z.object({ number: id, pull_request: z.object({}).nullish() }),
  comment: z.object({ id, body: z.string().nullish(), user: actor, performed_via_github_app: app }),
  repository,
  sender: actor,
});

export const issueComment = eventHandler(schema, (event, self) => {
  const { comment, issue } = event;
  if (isOwnApp(comment.performed_via_github_app, self)) return ignored(reason('healer_itself'));
  // An edited comment has been answered once already; editing must not run it again.
  if (event.action !== 'created')
    return ignored(reason('not_a_failure', `A comment was ${event.action}; only new comments are read for commands.`));
  const command = parseCommand(comment.body ?? '');
  if (command === null) return ignored(reason('not_a_failure', 'The comment holds no /healer command.'));
  if (!issue.pull_request)
    return ignored(reason('not_a_failure', 'The /healer command stands on an issue; Healer works on pull requests.'));
  const by = comment.user ?? event.sender;
  if (by === null) return ignored(reason('not_a_failure', 'The comment does not say who wrote it.'));
  return said({
    kind: 'command',
    repository: event.repository.full_name,
    defaultBranch: event.repository.default_branch,
    pullRequest: issue.number,
    isPullRequest: true,
    commentId: comment.id,
    commentKind: 'issue',
    commentNodeId: null,
    url: null,
    actor: by,
    authorAssociation: null,
    headRef: null,
    headSha: null,
    baseRef: null,
    fromFork: null,
    verb: command.verb,
    argument: command.argument,
  });
});
