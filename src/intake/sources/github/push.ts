import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { eventHandler } from '../handler.ts';
import { ignored } from '../source.ts';
import { branchOf } from './branch.ts';
import { changed } from './changed.ts';
import { actor, maybe, ref, repository, sha } from './schema.ts';

const schema = z.object({ ref, after: sha, deleted: maybe(z.boolean()), repository, sender: actor });

export const push = eventHandler(schema, (event) => {
  const branch = branchOf(event.ref);
  if (branch === null) return ignored(reason('not_a_failure', 'A tag was pushed, not a branch.'));
  const isDeleted = event.deleted === true || /^0+$/.test(event.after);
  if (isDeleted) return changed(event, { change: 'branch_deleted', branch });
  return changed(event, { change: 'head_moved', branch, headSha: event.after });
});
