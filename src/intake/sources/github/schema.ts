import * as z from 'zod';
import type { Actor } from '../../../model/signal.ts';
import { id, maybe, maybeText, ref, repositoryName } from '../fields.ts';

/* The parts that GitHub's events share: only fields that are used. */

export { id, line, maybe, maybeLine, maybeText, maybeUrl, name, ref, sha } from '../fields.ts';

/** An App's name in addresses. */
const SLUG = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/;
const LOGIN = /^[A-Za-z0-9_.-]{1,100}(?:\[bot\])?$/;

/** A branch that the event may leave out; GitHub also sends an empty one. */
export const maybeRef = z.preprocess((text) => (text === '' || text === undefined ? null : text), ref.nullable());
/** A word of GitHub's own vocabulary, which grows. */
export const word = z
  .string()
  .max(64)
  .regex(/^[a-z_]*$/, 'must be a lower-case word');
export const maybeWord = word.nullish().transform((text) => text || null);
/** OWNER, MEMBER, COLLABORATOR, CONTRIBUTOR, …; null when it is no such word. */
export const association = maybe(z.string().regex(/^[A-Z_]{1,64}$/));
/** GitHub's opaque id of an object, for its GraphQL API. */
export const nodeId = maybe(z.string().regex(/^[\w=+/-]{1,256}$/));

const ACTOR_TYPES = ['User', 'Bot', 'Organization'] as const;

const account = z.object({
  login: z.string().regex(LOGIN),
  type: z
    .enum(ACTOR_TYPES)
    .or(z.string().transform(() => 'unknown' as const))
    .catch('unknown'),
});
/** Who did it; null when the event does not say, or says it in a way no GitHub login has. */
export const actor: z.ZodType<Actor | null> = maybe(account);

export const repository = z.object({
  id: maybe(id),
  full_name: repositoryName,
  default_branch: maybe(ref),
});
export type Repository = z.infer<typeof repository>;

/** The App that made a check; null for checks of servers that do not say. */
export const app = maybe(z.object({ id, slug: maybe(z.string().regex(SLUG)) }));
export type App = z.infer<typeof app>;

const side = z.object({ ref: maybe(ref), sha: z.string().nullish(), repo: z.object({ id }).nullish() });
const pullRequest = z.object({ number: id, head: side, base: side });
/** Pull requests as check events list them; what does not read as one is left out. */
export const pullRequests = z
  .array(pullRequest.nullable().catch(null))
  .nullish()
  .catch(null)
  .transform((list) => (list ?? []).filter((entry) => entry !== null));
export type ListedPullRequest = z.infer<typeof pullRequests>[number];

export const headCommit = z
  .object({ message: maybeText })
  .nullish()
  .catch(null)
  .transform((commit) => commit?.message ?? null);
