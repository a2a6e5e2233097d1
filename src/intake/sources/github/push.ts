import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { ignored } from '../source.ts';
import { changed } from './changed.ts';
import { eventHandler } from './handler.ts';
import { actor, ref, repository, sha } from './schema.ts';

const BRANCH = 'refs/heads/';

const schema = z.object({ ref, after: sha, deleted: z.boolean().nullish().catch(null), repository, sender: actor });

export const push = eventHandler(schema, (event) => {
  if (!event.ref.startsWith(BRANCH)) return ignored(reason('not_a_failure', 'A tag was pushed, not a branch.'));
  const isDeleted = event.deleted === true || /^0+$/.test(event.after);
  const branch = event.ref.slice(BRANCH.length);
  if (isDeleted) return changed(event, { change: 'branch_deleted', branch });
  return changed(event, { change: 'head_moved', branch, headSha: event.after });
});
