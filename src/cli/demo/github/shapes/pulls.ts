import type { StoredPull } from '../state.ts';
import type { World } from '../world.ts';
import { type Body, nodeId, numberOf, ownerShape, repoApi, repoPage, userShape } from './basics.ts';
import { repositoryShape } from './repository.ts';

/** Figures that only git can give. */
export interface PullFigures {
  readonly commits: number;
  readonly additions: number;
  readonly deletions: number;
  readonly changedFiles: number;
  readonly mergeable: boolean | null;
}

/** What runs and checks carry of the pull requests they belong to. */
export function pullReference(world: World, pull: StoredPull): Body {
  const id = numberOf(`${world.owner}/${world.name}`);
  const repo = { id, url: repoApi(world, ''), name: world.name };
  return {
    url: repoApi(world, `/pulls/${pull.number}`),
    id: pull.id,
    number: pull.number,
    head: { ref: pull.headRef, sha: pull.headSha, repo },
    base: { ref: pull.baseRef, sha: pull.baseSha, repo },
  };
}

/** Open pull requests whose head is this branch of this repository: forks are left out, as GitHub does. */
export function pullReferences(world: World, branch: string): Body[] {
  return world.store.state.pulls
    .filter((pull) => pull.state === 'open' && pull.headRef === branch && pull.headRepository === null)
    .map((pull) => pullReference(world, pull));
}

/** A pull request as lists have it. */
export function pullSimple(world: World, pull: StoredPull): Body {
  return {
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: userShape(world, pull.author),
    body: pull.body,
    labels: pull.labels.map((name) => labelShape(world, name)),
    milestone: null,
    active_lock_reason: null,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.state === 'closed' ? pull.updatedAt : null,
    merged_at: pull.mergedAt,
    merge_commit_sha: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: sideShape(world, pull.headRef, pull.headSha, pull.headRepository),
    base: sideShape(world, pull.baseRef, pull.baseSha, null),
    ...linksOf(world, pull),
    author_association: 'CONTRIBUTOR',
    auto_merge: null,
    draft: pull.draft,
  };
}

/** Every address of a pull request, plain and once more as `_links`. */
function linksOf(world: World, pull: StoredPull): Body {
  const self = repoApi(world, `/pulls/${pull.number}`);
  const issue = repoApi(world, `/issues/${pull.number}`);
  const html = repoPage(world, `/pull/${pull.number}`);
  const statuses = repoApi(world, `/statuses/${pull.headSha}`);
  const reviewComment = repoApi(world, '/pulls/comments{/number}');
  return {
    url: self,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issue,
    commits_url: `${self}/commits`,
    review_comments_url: `${self}/comments`,
    review_comment_url: reviewComment,
    comments_url: `${issue}/comments`,
    statuses_url: statuses,
    _links: {
      self: { href: self },
      html: { href: html },
      issue: { href: issue },
      comments: { href: `${issue}/comments` },
      review_comments: { href: `${self}/comments` },
      review_comment: { href: reviewComment },
      commits: { href: `${self}/commits` },
      statuses: { href: statuses },
    },
  };
}

/** The answer of `GET /pulls/{number}`, and what `pull_request` events carry. */
export function pullShape(world: World, pull: StoredPull, figures: PullFigures): Body {
  const comments = world.store.state.comments.filter((comment) => comment.issue === pull.number).length;
  return {
    ...pullSimple(world, pull),
    merged: pull.mergedAt !== null,
    mergeable: figures.mergeable,
    rebaseable: figures.mergeable,
    mergeable_state: figures.mergeable === null ? 'unknown' : 'unstable',
    merged_by: null,
    comments,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: figures.commits,
    additions: figures.additions,
    deletions: figures.deletions,
    changed_files: figures.changedFiles,
  };
}

export function labelShape(world: World, name: string): Body {
  const id = numberOf(`label ${name}`);
  return {
    id,
    node_id: nodeId('Label', id),
    url: repoApi(world, `/labels/${encodeURIComponent(name)}`),
    name,
    color: 'ededed',
    default: false,
    description: '',
  };
}

function sideShape(world: World, ref: string, sha: string, fork: string | null): Body {
  const owner = fork?.split('/')[0] ?? world.owner;
  return {
    label: `${owner}:${ref}`,
    ref,
    sha,
    user: fork === null ? ownerShape(world) : userShape(world, owner),
    repo: repositoryShape(world, fork ?? undefined),
  };
}
