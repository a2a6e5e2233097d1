import type { StoredReview, StoredReviewComment } from '../state.ts';
import type { World } from '../world.ts';
import { type Body, nodeId, repoApi, repoPage, userShape } from './basics.ts';

export function reviewShape(world: World, review: StoredReview): Body {
  const html = repoPage(world, `/pull/${review.pull}#pullrequestreview-${review.id}`);
  const pull = repoApi(world, `/pulls/${review.pull}`);
  return {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: userShape(world, review.author),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: pull,
    author_association: 'MEMBER',
    _links: { html: { href: html }, pull_request: { href: pull } },
    submitted_at: review.createdAt,
    commit_id: review.sha,
  };
}

export function reviewCommentShape(world: World, comment: StoredReviewComment): Body {
  const self = repoApi(world, `/pulls/comments/${comment.id}`);
  const html = repoPage(world, `/pull/${comment.pull}#discussion_r${comment.id}`);
  const pull = repoApi(world, `/pulls/${comment.pull}`);
  return {
    url: self,
    pull_request_review_id: comment.reviewId,
    id: comment.id,
    node_id: nodeId('PullRequestReviewComment', comment.id),
    diff_hunk: `@@ -${comment.line},1 +${comment.line},1 @@`,
    path: comment.path,
    commit_id: comment.sha,
    original_commit_id: comment.sha,
    user: userShape(world, comment.author),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.createdAt,
    html_url: html,
    pull_request_url: pull,
    author_association: 'MEMBER',
    _links: { self: { href: self }, html: { href: html }, pull_request: { href: pull } },
    line: comment.line,
    original_line: comment.line,
    side: 'RIGHT',
  };
}
