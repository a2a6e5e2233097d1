import type { Clock } from '../../../lib/clock.ts';
import type { GitRepository } from './git.ts';
import type { StateFile, StoredCommit } from './state.ts';

/** What every part of the stand-in works on. */
export interface World {
  readonly owner: string;
  readonly name: string;
  readonly defaultBranch: string;
  readonly git: GitRepository;
  readonly store: StateFile;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** Who the configured token belongs to. */
  readonly login: string;
  /** Address of the API's root without a slash at its end; known once the stand-in listens. */
  baseUrl: string;
  /** Where logs are fetched from: another origin, as on GitHub, so that a client must not send its token there. */
  storageUrl: string;
}

/** ISO 8601 to the second, as GitHub writes times. */
export function timestamp(world: Pick<World, 'clock'>): string {
  return `${new Date(world.clock()).toISOString().slice(0, 19)}Z`;
}

/** A commit by its full SHA: git's, or one that a test made up. */
export async function commitOf(world: World, sha: string): Promise<StoredCommit | null> {
  return world.store.state.commits[sha] ?? (await world.git.commit(sha));
}

/** Branch, full ref or commit to the full SHA; null when unknown. */
export async function resolveRef(world: World, ref: string): Promise<string | null> {
  const { commits, pulls, runs } = world.store.state;
  if (commits[ref]) return ref;
  const branch = ref.replace(/^(refs\/)?heads\//, '');
  const inGit = await world.git.resolve(ref);
  if (inGit !== null) return inGit;
  const pull = pulls.find((candidate) => candidate.headRef === branch && candidate.headRepository === null);
  return pull?.headSha ?? runs.findLast((run) => run.headBranch === branch)?.headSha ?? null;
}

/** The login behind an e-mail address: GitHub's no-reply addresses name it, others are read up to the `@`. */
export function loginOf(person: { readonly name: string; readonly email: string }): string {
  const local = person.email.split('@')[0] ?? '';
  const login = local.replace(/^\d+\+/, '');
  return login === '' ? person.name.replaceAll(/\s+/g, '-') : login;
}
