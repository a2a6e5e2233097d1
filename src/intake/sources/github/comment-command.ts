import { reason } from '../../../model/reason.ts';
import type { Actor, CommandSignal } from '../../../model/signal.ts';
import { ignored, type NormaliseResult, said } from '../source.ts';
import { parseCommand } from './command.ts';
import type { PullPlace } from './pull.ts';
import type { Repository } from './schema.ts';

/** A comment with what all of GitHub's comments have. */
export interface CommentInPlace {
  readonly repository: Repository;
  readonly number: number;
  readonly isPullRequest: boolean;
  readonly place: PullPlace | null;
  readonly kind: CommandSignal['commentKind'];
  readonly comment: {
    readonly id: number;
    readonly node_id: string | null;
    readonly body?: string | null | undefined;
    readonly html_url: string | null;
    readonly author_association: string | null;
  };
  readonly by: Actor | null;
}

/** The command that a comment holds, or what it is instead; null when it holds none. */
export function commandIn({ repository, comment, place, ...at }: CommentInPlace): NormaliseResult | null {
  const command = parseCommand(comment.body ?? '');
  if (command === null) return null;
  if (at.by === null) return ignored(reason('not_a_failure', 'The comment does not say who wrote it.'));
  return said({
    kind: 'command',
    repository: repository.full_name,
    defaultBranch: repository.default_branch,
    pullRequest: at.number,
    isPullRequest: at.isPullRequest,
    commentId: comment.id,
    commentKind: at.kind,
    commentNodeId: comment.node_id,
    url: comment.html_url,
    actor: at.by,
    authorAssociation: comment.author_association,
    verb: command.verb,
    argument: command.argument,
    headRef: place?.headRef ?? null,
    headSha: place?.headSha ?? null,
    baseRef: place?.baseRef ?? null,
    fromFork: place?.fromFork ?? null,
  });
}
