import type { ConfigReading } from '../../decide/repository-config/reading.ts';
import { CONFIG_PATH, parseRepositoryConfig } from '../../decide/repository-config/schema.ts';
import type { Clock } from '../../lib/clock.ts';
import { PermanentError } from '../../lib/errors.ts';
import type { GitHub } from '../../lib/github/client.ts';
import { githubError, isNotFound, splitRepository } from '../../lib/github/errors.ts';
import type { AgentName } from '../../model/agent.ts';
import { type Store, writeOne } from '../../store/open.ts';
import { saveRepositoryConfig } from '../../store/repository-configs.ts';

export interface ConfigDeps {
  readonly github: GitHub;
  readonly store: Store;
  readonly clock: Clock;
  /** Every agent there is. */
  readonly agents: readonly AgentName[];
}

/**
 * Reads a repository's own configuration on its default branch, and keeps what it said. Throws RetryableError when
 * GitHub does not answer: nobody may be spent on who perhaps has opted out.
 */
export async function readRepositoryConfig(
  { github, store, clock, agents }: ConfigDeps,
  repository: string,
  signal?: AbortSignal,
): Promise<ConfigReading> {
  const reading = await fetchConfig(github, repository, agents, signal);
  await writeOne(store, (db) => saveRepositoryConfig(db, repository, reading, clock()));
  return reading;
}

async function fetchConfig(
  github: GitHub,
  repository: string,
  agents: readonly AgentName[],
  signal: AbortSignal | undefined,
): Promise<ConfigReading> {
  try {
    const { data } = await github.forRepository(repository).rest.repos.getContent({
      ...splitRepository(repository),
      path: CONFIG_PATH,
      ...(signal === undefined ? {} : { request: { signal } }),
    });
    if (Array.isArray(data) || data.type !== 'file' || data.encoding !== 'base64')
      return { kind: 'invalid', problem: `${CONFIG_PATH} is not a file that can be read.` };
    return parseRepositoryConfig(Buffer.from(data.content, 'base64').toString('utf8'), agents);
  } catch (error) {
    if (isNotFound(error)) return { kind: 'absent' };
    const known = githubError(error, `read ${CONFIG_PATH} of ${repository}`, github.clock());
    if (!(known instanceof PermanentError)) throw known;
    return {
      kind: 'unreadable',
      problem: `${CONFIG_PATH} could not be read, so a person has to say yes. ${known.message}`,
    };
  }
}
