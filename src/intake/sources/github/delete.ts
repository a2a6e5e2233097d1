import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { ignored, said } from '../source.ts';
import { eventHandler } from './handler.ts';
import { actor, ref, repository, word } from './schema.ts';

const schema = z.object({ ref, ref_type: word, repository, sender: actor });

export const branchDeleted = eventHandler(schema, (event) => {
  if (event.ref_type !== 'branch') return ignored(reason('not_a_failure', 'A tag was deleted, not a branch.'));
  return said({
    kind: 'pull_request_changed',
    repository: event.repository.full_name,
    change: 'branch_deleted',
    branch: event.ref,
    number: null,
    headSha: null,
    actor: event.sender,
    fromFork: false,
  });
});
