import type { createAppAuth } from '@octokit/auth-app';
import type { Octokit } from '@octokit/core';
import { PermanentError } from '../errors.ts';

export interface InstallationAuth {
  /** A token for one repository, from the cache (auth-app keeps it for 59 of its 60 minutes) unless `refresh`. */
  token(refresh: boolean): Promise<string>;
  /** A token for somebody else's hands: this repository only, and no more than `permissions`. */
  limitedToken(permissions: Readonly<Record<string, 'read' | 'write'>>): Promise<ExpiringToken>;
}

/** `expiresAt` in milliseconds since the epoch; null when it does not expire. */
export interface ExpiringToken {
  readonly token: string;
  readonly expiresAt: number | null;
}

interface Parts {
  readonly appAuth: ReturnType<typeof createAppAuth>;
  /** An Octokit without credentials on the same base URL. */
  readonly base: Octokit;
  readonly repository: string;
}

/**
 * The App's installation on one repository. The installation is looked up at the first request and again after a
 * failure: an App may be installed while Healer runs.
 */
export function installationAuth({ appAuth, base, repository }: Parts): InstallationAuth {
  const [owner = '', repo = ''] = repository.split('/');
  let installation: Promise<number> | null = null;

  const lookUp = async (): Promise<number> => {
    const { token } = await appAuth({ type: 'app' });
    try {
      const { data } = await base.request('GET /repos/{owner}/{repo}/installation', {
        owner,
        repo,
        headers: { authorization: `bearer ${token}` },
      });
      return data.id;
    } catch (error) {
      if ((error as { status?: unknown }).status !== 404) throw error;
      throw new PermanentError(
        `The GitHub App is not installed on ${repository}. Install it there, or remove the repository.`,
      );
    }
  };

  const installationIdOf = (): Promise<number> => {
    installation ??= lookUp().catch((error: unknown) => {
      installation = null;
      throw error;
    });
    return installation;
  };

  return {
    async limitedToken(permissions) {
      const installationId = await installationIdOf();
      const answer = await appAuth({
        type: 'installation',
        installationId,
        repositoryNames: [repo],
        permissions: { ...permissions },
        refresh: true,
      });
      return { token: answer.token, expiresAt: Date.parse(answer.expiresAt) };
    },
    async token(refresh) {
      if (refresh) installation = null;
      const installationId = await installationIdOf();
      const answer = await appAuth({ type: 'installation', installationId, repositoryNames: [repo], refresh });
      return answer.token;
    },
  };
}
