import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { ignored, said } from '../source.ts';
import { eventHandler } from './handler.ts';
import { actor, ref, repository, sha } from './schema.ts';

const BRANCH = 'refs/heads/';

const schema = z.object({ ref, after: sha, deleted: z.boolean().nullish().catch(null), repository, sender: actor });

export const push = eventHandler(schema, (event) => {
  if (!event.ref.startsWith(BRANCH)) return ignored(reason('not_a_failure', 'A tag was pushed, not a branch.'));
  const isDeleted = event.deleted === true || /^0+$/.test(event.after);
  return said({
    kind: 'pull_request_changed',
    repository: event.repository.full_name,
    change: isDeleted ? 'branch_deleted' : 'head_moved',
    branch: event.ref.slice(BRANCH.length),
    number: null,
    headSha: isDeleted ? null : event.after,
    actor: event.sender,
    fromFork: false,
  });
});
