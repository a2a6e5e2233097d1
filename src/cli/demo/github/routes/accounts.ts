import { type Answer, type Call, created, notFound, numberParam, ok, paginate, type Route, route } from '../http.ts';
import { type Body, healerApp, numberOf, ownerShape, userShape } from '../shapes/basics.ts';
import { fullRepository, repositoryShape } from '../shapes/repository.ts';
import type { World } from '../world.ts';

/** GitHub's limit for an App or a person, an hour. */
export const RATE_LIMIT = 5000;
const CREATED = '2024-01-15T09:00:00Z';

export interface RateLimit {
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
  /** Seconds since the epoch. */
  readonly reset: number;
}

export function accountRoutes(rate: () => RateLimit): Route[] {
  return [
    route('GET', '/repos/{owner}/{repo}', (call) => ok(fullRepository(call.world))),
    route('GET', '/user', (call) => ok(privateUser(call.world, call.login ?? call.world.login))),
    route('GET', '/users/{username}', (call) => ok(publicUser(call.world, call.params['username'] ?? ''))),
    route('GET', '/rate_limit', () => rateLimit(rate()), 'none'),
    route('GET', '/app', (call) => ok({ ...healerApp(call.world), installations_count: 1 }), 'app'),
    route('GET', '/repos/{owner}/{repo}/installation', (call) => ok(installation(call.world)), 'app'),
    route('POST', '/app/installations/{installation_id}/access_tokens', accessToken, 'app'),
    route('GET', '/installation/repositories', installationRepositories),
  ];
}

const installationId = (world: World): number => numberOf(`installation ${world.owner}`);

function installation(world: World): Body {
  const app = healerApp(world);
  const id = installationId(world);
  return {
    id,
    account: ownerShape(world),
    repository_selection: 'selected',
    access_tokens_url: `${world.baseUrl}/app/installations/${id}/access_tokens`,
    repositories_url: `${world.baseUrl}/installation/repositories`,
    html_url: `${world.baseUrl}/organizations/${world.owner}/settings/installations/${id}`,
    app_id: app['id'],
    app_slug: app['slug'],
    target_id: ownerShape(world)['id'],
    target_type: 'Organization',
    permissions: app['permissions'],
    events: app['events'],
    created_at: CREATED,
    updated_at: CREATED,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: null,
  };
}

function accessToken(call: Call): Answer {
  const { world } = call;
  if (numberParam(call, 'installation_id') !== installationId(world)) throw notFound();
  const token = `ghs_${world.store.nextId().toString(36).padStart(36, 'standin')}`;
  world.store.state.tokens = [...world.store.state.tokens.slice(-20), token];
  world.store.save();
  return created({
    token,
    expires_at: `${new Date(world.clock() + 3_600_000).toISOString().slice(0, 19)}Z`,
    permissions: healerApp(world)['permissions'],
    repository_selection: 'selected',
  });
}

function installationRepositories(call: Call): Answer {
  const { items, total, headers } = paginate(call, [repositoryShape(call.world)]);
  return ok({ total_count: total, repository_selection: 'selected', repositories: items }, headers);
}

function publicUser(world: World, login: string): Body {
  return {
    ...userShape(world, login),
    name: login,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: 1,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: CREATED,
    updated_at: CREATED,
  };
}

function privateUser(world: World, login: string): Body {
  return {
    ...publicUser(world, login),
    private_gists: 0,
    total_private_repos: 0,
    owned_private_repos: 0,
    disk_usage: 0,
    collaborators: 0,
    two_factor_authentication: true,
  };
}

function rateLimit(rate: RateLimit): Answer {
  const { limit, used, remaining, reset } = rate;
  const other = (size: number) => ({ limit: size, used: 0, remaining: size, reset });
  const core = { limit, used, remaining, reset };
  return ok({
    resources: { core, search: other(30), graphql: other(5000), integration_manifest: other(5000) },
    rate: core,
  });
}
