import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { eventHandler } from '../handler.ts';
import { ignored } from '../source.ts';
import { branchOf } from './branch.ts';
import { changed } from './changed.ts';
import { actor, maybeWord, ref, repository, sha, word } from './schema.ts';

const schema = z.object({
  action: word,
  // Why it ended: merged, invalidated, dequeued.
  reason: maybeWord.catch(null),
  merge_group: z.object({ head_ref: ref, head_sha: sha, base_ref: ref }),
  repository,
  sender: actor,
});

/** GitHub names a queue's branch `gh-readonly-queue/<base>/pr-<number>-<base sha>`. */
const NUMBER = /\/pr-(\d{1,15})-[0-9a-f]{40,64}$/;

export const mergeGroup = eventHandler(schema, (event) => {
  const group = event.merge_group;
  const branch = branchOf(group.head_ref) ?? group.head_ref;
  const place = {
    branch,
    headSha: group.head_sha,
    baseRef: branchOf(group.base_ref) ?? group.base_ref,
    number: Number(NUMBER.exec(branch)?.[1] ?? 0) || null,
  };
  if (event.action === 'checks_requested') return changed(event, { change: 'queued', ...place });
  if (event.action === 'destroyed')
    return changed(event, { change: event.reason === 'merged' ? 'merged' : 'dequeued', ...place });
  return ignored(reason('not_a_failure', `A merge group was ${event.action}; that changes nothing here.`));
});
