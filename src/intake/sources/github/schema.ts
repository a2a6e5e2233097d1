import * as z from 'zod';
import type { Actor } from '../../../model/signal.ts';
import { cleanName, cleanText } from '../../clean.ts';

/*
 * The parts that GitHub's events share: only fields that are used. What a decision stands on (repository, commit, branch,
 * ids) is checked and refused when wrong, never repaired: a name that was changed would be another name. What only
 * describes (titles, messages, people, links) is cleaned, and left out when it cannot be.
 */

/** Longest reference GitHub takes is 255 bytes; some room for other servers. */
const MAX_REF = 512;
/** What `git check-ref-format` forbids, and a leading `-`, which a command line would take for an option. */
const NOT_A_REF = /^-|^\/|\/$|\/\/|\.\.|@\{|[\u0000- ~^:?*[\\\u007f-\u009f\u2028\u2029]|\.lock(\/|$)|(^|\/)\.|\.$|^@$/;
const REPOSITORY = /^(?!\.{1,2}\/)[A-Za-z0-9._-]{1,100}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;
const SHA = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const LOGIN = /^[A-Za-z0-9_.-]{1,100}(?:\[bot\])?$/;

export const id = z.int().positive();
export const sha = z.string().regex(SHA, 'must be a commit hash');
export const ref = z
  .string()
  .min(1, 'must not be empty')
  .max(MAX_REF, 'is too long for a git reference')
  .refine((name) => name.isWellFormed() && !NOT_A_REF.test(name), 'must be a git reference name');
/** A branch that the event may leave out; GitHub also sends an empty one. */
export const maybeRef = z.preprocess((name) => (name === '' || name === undefined ? null : name), ref.nullable());
/** A word of GitHub's own vocabulary, which grows. */
export const word = z
  .string()
  .max(64)
  .regex(/^[a-z_]*$/, 'must be a lower-case word');
export const maybeWord = word.nullish().transform((value) => value || null);

/** A name for people and for comparing; one line. */
export const line = z.string().transform((text) => cleanName(text));
export const maybeLine = line
  .nullish()
  .catch(null)
  .transform((text) => text || null);
export const maybeText = z
  .string()
  .nullish()
  .catch(null)
  .transform((text) => (text ? cleanText(text) : null));
/** A web address without user and password; null for anything else. */
function webAddress(text: string): string | null {
  const url = URL.parse(text);
  return url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' ? url.href : null;
}

/** A link to show; null when it is not an absolute http address. */
export const maybeUrl = z
  .string()
  .max(2_048)
  .nullish()
  .catch(null)
  .transform((text) => (text ? webAddress(text) : null));

const ACTOR_TYPES = ['User', 'Bot', 'Organization'] as const;

const account = z.object({
  login: z.string().regex(LOGIN),
  type: z
    .enum(ACTOR_TYPES)
    .or(z.string().transform(() => 'unknown' as const))
    .catch('unknown'),
});
/** Who did it; null when the event does not say, or says it in a way no GitHub login has. */
export const actor: z.ZodType<Actor | null> = account
  .nullish()
  .catch(null)
  .transform((person) => person ?? null);

export const repository = z.object({
  id: id.nullish().catch(null),
  full_name: z.string().regex(REPOSITORY, 'must be owner/name'),
  default_branch: ref
    .nullish()
    .catch(null)
    .transform((name) => name ?? null),
});
export type Repository = z.infer<typeof repository>;

/** The App that made a check; null for checks of servers that do not say. */
export const app = z
  .object({ id, slug: z.string().max(200).nullish().catch(null) })
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);
export type App = z.infer<typeof app>;

const side = z.object({ sha: z.string().nullish(), repo: z.object({ id }).nullish() });
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
