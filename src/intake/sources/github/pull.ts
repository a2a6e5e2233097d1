import * as z from 'zod';
import { id, line, maybe, type Repository, ref, sha } from './schema.ts';

/** Labels that are kept; GitHub allows 100 on one pull request. */
const MAX_LABELS = 100;

export const label = z.object({ name: line });
const labels = z
  .array(maybe(label))
  .nullish()
  .catch(null)
  .transform((list) => list?.slice(0, MAX_LABELS).flatMap((entry) => (entry ? [entry.name] : [])) ?? null);

/** A whole pull request, as its own events and those of its reviews carry it. */
export const pull = z.object({
  number: id,
  merged: maybe(z.boolean()),
  draft: maybe(z.boolean()),
  head: z.object({
    ref,
    sha,
    // Null once a fork has been deleted.
    repo: z.object({ id: id.nullish(), full_name: z.string() }).nullish().catch(null),
  }),
  base: maybe(z.object({ ref: maybe(ref) })),
  labels,
});
export type Pull = z.infer<typeof pull>;

/** Where a pull request's branch is, and where it is to go. */
export interface PullPlace {
  readonly headRef: string;
  readonly headSha: string;
  readonly baseRef: string | null;
  readonly fromFork: boolean;
}

export function placeOf({ head, base }: Pull, own: Repository): PullPlace {
  const isOwn = head.repo?.id && own.id ? head.repo.id === own.id : head.repo?.full_name === own.full_name;
  return { headRef: head.ref, headSha: head.sha, baseRef: base?.ref ?? null, fromFork: !isOwn };
}
