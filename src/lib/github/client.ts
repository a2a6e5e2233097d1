import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import { restEndpointMethods } from '@octokit/plugin-rest-endpoint-methods';
import { throttling } from '@octokit/plugin-throttling';
import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../clock.ts';
import { PermanentError } from '../errors.ts';
import { overFetch, overSockets } from '../wire.ts';
import { type Access, watchAccess } from './access.ts';
import type { AskAsApp } from './app-deliveries.ts';
import { guardedFetch, type RateLimit } from './fetch.ts';
import { type ExpiringToken, type InstallationAuth, installationAuth } from './installation-auth.ts';
import { retryFailures } from './retry.ts';
import { lightThrottle } from './throttle.ts';

const HealerOctokit = Octokit.plugin(restEndpointMethods, paginateRest, throttling);
/** One repository's GitHub: REST methods under `.rest`, `.paginate`, `.request`. */
export type GitHubRepository = InstanceType<typeof HealerOctokit>;

export type GitHubAuth =
  | { readonly kind: 'app'; readonly appId: string | number; readonly privateKey: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'none' };

export interface GitHubLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface GitHubOptions {
  readonly auth: GitHubAuth;
  /** Healer's version, for the user agent `healer/<version>`. */
  readonly version: string;
  /** `https://api.github.com`, or `https://HOST/api/v3` for Enterprise. */
  readonly baseUrl?: string;
  /** Milliseconds for one request; retries get the same again. */
  readonly timeoutMs?: number;
  /** Hosts besides the API's that a job log may be fetched from although they are on an address inside. */
  readonly logHosts?: readonly string[];
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  readonly onRateLimit?: (limit: RateLimit) => void;
  readonly log?: GitHubLog;
  /** Hears what every request says about our rights in its repository. */
  readonly onAccess?: (access: Access) => void;
  /** Sees what is about to be written to GitHub and answers what has to be written instead; the keys that it names. */
  readonly outgoing?: (parameters: Readonly<Record<string, unknown>>) => object;
  /** Milliseconds: retries wait 1, 4, 9 times this, and a second of a rate limit is as long; tests set 1. */
  readonly retryBaseMs?: number;
}

export interface GitHub {
  readonly baseUrl: string;
  readonly clock: Clock;
  /** How to fetch what GitHub keeps elsewhere (job logs); without credentials. */
  readonly storage: Pick<GitHubOptions, 'version' | 'logHosts' | 'fetch'>;
  /** `owner/name`; authenticated for this repository alone. Cheap to call again. */
  forRepository(repository: string): GitHubRepository;
  /**
   * A token for git and `gh` in an agent's hands: for this repository, short-lived with an App. Null without any
   * credentials.
   */
  agentToken(
    repository: string,
    permissions: Readonly<Record<string, 'read' | 'write'>>,
  ): Promise<ExpiringToken | null>;
  /** Asks as the App itself, for what belongs to no repository. Throws Octokit's errors, PermanentError without an App. */
  asApp: AskAsApp;
  /** Who we are when we are an App: what tells our own pushes and checks from other people's. Null with a token. */
  app(): Promise<GitHubApp | null>;
}

export interface GitHubApp {
  readonly id: number;
  /** The login of its pushes is `<slug>[bot]`. */
  readonly slug: string;
}

export const GITHUB_COM_API = 'https://api.github.com';
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_RETRIES = 2;
/** 421 is how guardedFetch reports a redirect that it did not follow. */
const NEVER_AGAIN = [400, 401, 403, 404, 405, 409, 410, 413, 415, 421, 422, 429, 451];
/** Rate limits are waited for only this long; longer than that the caller decides. Seconds. */
const LONGEST_RATE_LIMIT_WAIT_S = 30;
const REPOSITORIES_KEPT = 500;

export function createGitHub(options: GitHubOptions): GitHub {
  const baseUrl = (options.baseUrl ?? GITHUB_COM_API).replace(/\/+$/, '');
  const doFetch = guardedFetch({
    baseUrl,
    wire: options.fetch === undefined ? overSockets : overFetch(options.fetch),
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    onRateLimit: options.onRateLimit ?? (() => {}),
  });
  const base = octokitFor(options, baseUrl, doFetch, 'app');
  const appAuth = options.auth.kind === 'app' ? createAppAuth({ ...options.auth, request: base.request }) : null;
  const known = new LRUCache<string, GitHubRepository>({ max: REPOSITORIES_KEPT });
  let self: Promise<GitHubApp | null> | null = null;

  return {
    baseUrl,
    clock: options.clock ?? systemClock,
    storage: {
      version: options.version,
      ...(options.logHosts === undefined ? {} : { logHosts: options.logHosts }),
      ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    },
    forRepository(repository) {
      const key = repository.toLowerCase();
      const before = known.get(key);
      if (before !== undefined) return before;
      const octokit = octokitFor(options, baseUrl, doFetch, key);
      if (appAuth !== null) authenticateAs(octokit, installationAuth({ appAuth, base, repository }));
      if (options.onAccess !== undefined) watchAccess(octokit, repository, options.onAccess);
      known.set(key, octokit);
      return octokit;
    },
    async agentToken(repository, permissions) {
      const { auth } = options;
      if (appAuth !== null) return installationAuth({ appAuth, base, repository }).limitedToken(permissions);
      return auth.kind === 'token' ? { token: auth.token, expiresAt: null } : null;
    },
    asApp: (route, parameters) => askAsApp(base, appAuth, route, parameters),
    app() {
      if (appAuth === null) return Promise.resolve(null);
      self ??= whoAmI(base, appAuth).catch((error: unknown) => {
        self = null;
        throw error;
      });
      return self;
    },
  };
}

async function askAsApp(
  base: GitHubRepository,
  appAuth: ReturnType<typeof createAppAuth> | null,
  route: string,
  parameters: Readonly<Record<string, string | number>>,
): ReturnType<AskAsApp> {
  if (appAuth === null) throw new PermanentError(`${route} needs a GitHub App.`);
  const { token } = await appAuth({ type: 'app' });
  const headers = { authorization: `bearer ${token}` };
  // The text itself: parsing would round numbers of 64 bits.
  const request = { parseSuccessResponseBody: false };
  const { data, headers: answered } = await base.request(route, { ...parameters, headers, request });
  return { text: await new Response(data as ReadableStream).text(), link: answered.link ?? '' };
}

async function whoAmI(base: GitHubRepository, appAuth: ReturnType<typeof createAppAuth>): Promise<GitHubApp | null> {
  const { token } = await appAuth({ type: 'app' });
  const { data } = await base.request('GET /app', { headers: { authorization: `bearer ${token}` } });
  return data === null ? null : { id: data.id, slug: data.slug ?? '' };
}

/** An API on this machine is no GitHub and has none of its limits on writing. */
function isOnThisMachine(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return hostname === '127.0.0.1' || hostname === '[::1]' || hostname === 'localhost';
}

function octokitFor(options: GitHubOptions, baseUrl: string, doFetch: typeof fetch, id: string): GitHubRepository {
  const log = quietLog(options.log);
  const mayWait = (retryAfter: number, kind: string, count: number): boolean => {
    const wait = count < 1 && retryAfter <= LONGEST_RATE_LIMIT_WAIT_S;
    options.log?.warn({ kind, retryAfter, wait, scope: id }, 'GitHub limits our requests');
    return wait;
  };
  const octokit = new HealerOctokit({
    baseUrl,
    userAgent: `healer/${options.version}`,
    ...(options.auth.kind === 'token' ? { auth: options.auth.token } : {}),
    log,
    request: { fetch: doFetch },
    throttle: {
      id: `${baseUrl} ${id}`,
      retryAfterBaseValue: options.retryBaseMs ?? 1000,
      onRateLimit: (after, _request, _octokit, count) => mayWait(after, 'primary', count),
      onSecondaryRateLimit: (after, _request, _octokit, count) => mayWait(after, 'secondary', count),
      ...lightThrottle(isOnThisMachine(baseUrl)),
    },
  });
  retryFailures(octokit, { retries: MAX_RETRIES, baseMs: options.retryBaseMs ?? 1000, never: NEVER_AGAIN });
  // A POST that failed with 5xx may have happened: sending it again could comment twice. Effects retry by their own key.
  octokit.hook.before('request', (request) => {
    if (request.method === 'POST') request.request = { ...request.request, retries: 0 };
    if (request.method !== 'GET') Object.assign(request, options.outgoing?.(request));
  });
  return octokit;
}

/** Adds the installation's token to every request; a token refused once is replaced once. */
function authenticateAs(octokit: GitHubRepository, auth: InstallationAuth): void {
  octokit.hook.wrap('request', async (request, parameters) => {
    const send = async (refresh: boolean) => {
      // Hooks further in see the parameters object itself, not what is handed on; so it is changed, not copied.
      parameters.headers = { ...parameters.headers, authorization: `token ${await auth.token(refresh)}` };
      return request(parameters);
    };
    try {
      return await send(false);
    } catch (error) {
      if ((error as { status?: unknown }).status !== 401) throw error;
      return send(true);
    }
  });
}

function quietLog(log: GitHubLog | undefined) {
  const to = (level: 'debug' | 'warn') => (message: string, fields?: object) =>
    log?.[level]({ ...fields, detail: message }, 'Octokit says');
  return { debug: () => {}, info: () => {}, warn: to('debug'), error: to('warn') };
}
