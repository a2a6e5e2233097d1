import type { StoredComment, StoredPull, StoredReaction } from '../state.ts';
import type { World } from '../world.ts';
import { type Body, nodeId, repoApi, repoPage, userShape } from './basics.ts';
import { labelShape } from './pulls.ts';

export const REACTIONS = ['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes'] as const;

/** A pull request as an issue, as comment events carry it. */
export function issueShape(world: World, pull: StoredPull): Body {
  const url = repoApi(world, `/issues/${pull.number}`);
  const page = repoPage(world, `/pull/${pull.number}`);
  return {
    url,
    repository_url: repoApi(world, ''),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    id: pull.id,
    node_id: nodeId('Issue', pull.id),
    number: pull.number,
    title: pull.title,
    user: userShape(world, pull.author),
    labels: pull.labels.map((name) => labelShape(world, name)),
    state: pull.state,
    locked: false,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: world.store.state.comments.filter((comment) => comment.issue === pull.number).length,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.state === 'closed' ? pull.updatedAt : null,
    author_association: 'CONTRIBUTOR',
    active_lock_reason: null,
    body: pull.body,
    pull_request: {
      url: repoApi(world, `/pulls/${pull.number}`),
      html_url: page,
      diff_url: `${page}.diff`,
      patch_url: `${page}.patch`,
      merged_at: pull.mergedAt,
    },
    reactions: reactionCounts(`${url}/reactions`, []),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: null,
    state_reason: null,
  };
}

export function commentShape(world: World, comment: StoredComment): Body {
  const url = repoApi(world, `/issues/comments/${comment.id}`);
  const given = world.store.state.reactions.filter((reaction) => reaction.commentId === comment.id);
  return {
    url,
    html_url: repoPage(world, `/pull/${comment.issue}#issuecomment-${comment.id}`),
    issue_url: repoApi(world, `/issues/${comment.issue}`),
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    user: userShape(world, comment.author),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: 'MEMBER',
    body: comment.body,
    reactions: reactionCounts(`${url}/reactions`, given),
    performed_via_github_app: null,
  };
}

export function reactionShape(world: World, reaction: StoredReaction): Body {
  return {
    id: reaction.id,
    node_id: nodeId('Reaction', reaction.id),
    user: userShape(world, reaction.author),
    content: reaction.content,
    created_at: reaction.createdAt,
  };
}

function reactionCounts(url: string, given: readonly StoredReaction[]): Body {
  const count = (name: string) => given.filter((reaction) => reaction.content === name).length;
  return { url, total_count: given.length, ...Object.fromEntries(REACTIONS.map((name) => [name, count(name)])) };
}
