import type { Octokit } from '@octokit/core';
import { PermanentError } from '../errors.ts';
import { statusOf } from './errors.ts';

/** What a request said about our rights in a repository. */
export interface Access {
  /** `owner/name`. */
  readonly repository: string;
  /** Method and template, for example `POST /repos/{owner}/{repo}/check-runs`. */
  readonly route: string;
  /** Why GitHub refused it; null when it did not. */
  readonly refusal: string | null;
}

/**
 * A 403 says many things. These words stand for a right that is missing, as opposed to a rate limit, a conversation that
 * is locked or a run that cannot be started again.
 */
const MISSING =
  /not accessible by (?:integration|personal access token)|bad credentials|suspended|access (?:to this resource )?(?:is )?blocked|must have .{0,40}(?:access|rights)|saml|is archived|permission .{0,60}denied|not installed on/i;

/** What Healer can do without, and goes on without. */
const TOLERATED: ReadonlySet<string> = new Set(['GET /repos/{owner}/{repo}/actions/runs']);

/** Reports what each request to a repository says about our rights there. Changes nothing about the request. */
export function watchAccess(
  octokit: Pick<Octokit, 'hook'>,
  repository: string,
  report: (access: Access) => void,
): void {
  octokit.hook.wrap('request', async (request, parameters) => {
    const route = `${parameters.method} ${parameters.url.replace(/^https?:\/\/[^/]+/, '')}`;
    try {
      const answer = await request(parameters);
      report({ repository, route, refusal: null });
      return answer;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== null && !TOLERATED.has(route)) report({ repository, route, refusal });
      throw error;
    }
  });
}

function refusalOf(error: unknown): string | null {
  const message = error instanceof Error ? error.message.split(' - http')[0]?.slice(0, 300) : undefined;
  if (message === undefined) return null;
  const status = statusOf(error);
  if (status === 401) return `401, ${message}`;
  const isMissing = (status === 403 || error instanceof PermanentError) && MISSING.test(message);
  return isMissing ? (status === null ? message : `${status}, ${message}`) : null;
}
