import { createHash } from 'node:crypto';
import type { World } from '../world.ts';

/** An object as GitHub sends it. */
export type Body = Record<string, unknown>;

export const api = (world: World, path: string): string => `${world.baseUrl}${path}`;
export const repoApi = (world: World, path: string): string =>
  `${world.baseUrl}/repos/${world.owner}/${world.name}${path}`;
/** Pages for people live beside the API, where GitHub has them on another host. */
export const repoPage = (world: World, path: string): string => `${world.baseUrl}/${world.owner}/${world.name}${path}`;

/** Opaque on GitHub; here the type and the number, in base64. */
export function nodeId(type: string, id: number | string): string {
  return Buffer.from(`${type}:${id}`).toString('base64');
}

/** The same number for the same name, always. */
export function numberOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) % 100_000_000;
}

export function userShape(world: World, login: string, type?: 'User' | 'Bot' | 'Organization'): Body {
  const path = `/users/${encodeURIComponent(login)}`;
  const url = api(world, path);
  const page = login.endsWith('[bot]') ? `/apps/${login.slice(0, -'[bot]'.length)}` : `/${login}`;
  const id = numberOf(login);
  return {
    login,
    id,
    node_id: nodeId('User', id),
    avatar_url: `${world.baseUrl}/avatars/u/${id}?v=4`,
    gravatar_id: '',
    url,
    html_url: `${world.baseUrl}${page}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: type ?? (login.endsWith('[bot]') ? 'Bot' : 'User'),
    site_admin: false,
  };
}

export const ownerShape = (world: World): Body => userShape(world, world.owner, 'Organization');

/** The App that runs workflows. */
export function actionsApp(world: World): Body {
  return appShape(world, {
    id: 15368,
    slug: 'github-actions',
    name: 'GitHub Actions',
    owner: 'github',
    permissions: { actions: 'write', checks: 'write', contents: 'write', metadata: 'read', statuses: 'write' },
    events: ['push', 'workflow_dispatch'],
  });
}

/** The App that Healer signs in as. */
export function healerApp(world: World): Body {
  return appShape(world, {
    id: numberOf(world.login),
    slug: world.login.replace(/\[bot\]$/, ''),
    name: world.login.replace(/\[bot\]$/, ''),
    owner: world.owner,
    permissions: {
      actions: 'write',
      checks: 'write',
      contents: 'write',
      issues: 'write',
      metadata: 'read',
      pull_requests: 'write',
      statuses: 'read',
    },
    events: ['check_run', 'check_suite', 'issue_comment', 'pull_request', 'push', 'workflow_job', 'workflow_run'],
  });
}

interface App {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly owner: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly events: readonly string[];
}

function appShape(world: World, app: App): Body {
  return {
    id: app.id,
    slug: app.slug,
    client_id: `Iv1.${String(app.id).padStart(16, '0')}`,
    node_id: nodeId('App', app.id),
    owner: userShape(world, app.owner, 'Organization'),
    name: app.name,
    description: null,
    external_url: `${world.baseUrl}/apps/${app.slug}/about`,
    html_url: `${world.baseUrl}/apps/${app.slug}`,
    created_at: '2018-07-30T09:30:17Z',
    updated_at: '2024-04-10T20:33:16Z',
    permissions: app.permissions,
    events: app.events,
  };
}
