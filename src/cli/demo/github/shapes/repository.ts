import { pathToFileURL } from 'node:url';
import type { World } from '../world.ts';
import { type Body, nodeId, numberOf, ownerShape, repoApi, repoPage } from './basics.ts';

const CREATED = '2024-01-15T09:00:00Z';

const API_PATHS: Readonly<Record<string, string>> = {
  forks_url: '/forks',
  keys_url: '/keys{/key_id}',
  collaborators_url: '/collaborators{/collaborator}',
  teams_url: '/teams',
  hooks_url: '/hooks',
  issue_events_url: '/issues/events{/number}',
  events_url: '/events',
  assignees_url: '/assignees{/user}',
  branches_url: '/branches{/branch}',
  tags_url: '/tags',
  blobs_url: '/git/blobs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  git_refs_url: '/git/refs{/sha}',
  trees_url: '/git/trees{/sha}',
  statuses_url: '/statuses/{sha}',
  languages_url: '/languages',
  stargazers_url: '/stargazers',
  contributors_url: '/contributors',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  commits_url: '/commits{/sha}',
  git_commits_url: '/git/commits{/sha}',
  comments_url: '/comments{/number}',
  issue_comment_url: '/issues/comments{/number}',
  contents_url: '/contents/{+path}',
  compare_url: '/compare/{base}...{head}',
  merges_url: '/merges',
  archive_url: '/{archive_format}{/ref}',
  downloads_url: '/downloads',
  issues_url: '/issues{/number}',
  pulls_url: '/pulls{/number}',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  labels_url: '/labels{/name}',
  releases_url: '/releases{/id}',
  deployments_url: '/deployments',
};

/** What other objects carry of a repository. */
export function minimalRepository(world: World, fullName = `${world.owner}/${world.name}`): Body {
  const [owner = '', name = ''] = fullName.split('/');
  const there = { ...world, owner, name };
  const id = numberOf(fullName);
  return {
    id,
    node_id: nodeId('Repository', id),
    name,
    full_name: fullName,
    private: false,
    owner: ownerShape(there),
    html_url: repoPage(there, ''),
    description: 'A small shop, for demonstrations',
    fork: owner !== world.owner,
    url: repoApi(there, ''),
    ...Object.fromEntries(Object.entries(API_PATHS).map(([key, path]) => [key, repoApi(there, path)])),
  };
}

/** The repository as webhooks and lists have it. */
export function repositoryShape(world: World, fullName = `${world.owner}/${world.name}`): Body {
  const openPulls = world.store.state.pulls.filter((pull) => pull.state === 'open').length;
  const page = `${world.baseUrl}/${fullName}`;
  return {
    ...minimalRepository(world, fullName),
    created_at: CREATED,
    updated_at: CREATED,
    pushed_at: world.store.state.runs.at(-1)?.createdAt ?? CREATED,
    git_url: `${page.replace(/^http/, 'git')}.git`,
    ssh_url: `git@github.com:${fullName}.git`,
    // The one address that differs in kind from GitHub's: the repository lies on this machine.
    clone_url: pathToFileURL(world.git.path).href,
    svn_url: page,
    mirror_url: null,
    homepage: null,
    size: 12,
    stargazers_count: 0,
    watchers_count: 0,
    language: 'JavaScript',
    has_issues: true,
    has_projects: true,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    archived: false,
    disabled: false,
    open_issues_count: openPulls,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: 'public',
    forks: 0,
    open_issues: openPulls,
    watchers: 0,
    default_branch: world.defaultBranch,
  };
}

/** The answer of `GET /repos/{owner}/{repo}`. */
export function fullRepository(world: World): Body {
  return {
    ...repositoryShape(world),
    permissions: { admin: false, maintain: false, push: true, triage: true, pull: true },
    temp_clone_token: null,
    allow_squash_merge: true,
    allow_merge_commit: true,
    allow_rebase_merge: true,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
    organization: ownerShape(world),
    subscribers_count: 1,
    network_count: 0,
  };
}
