import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { eventHandler } from '../handler.ts';
import { ignored } from '../source.ts';
import { changed } from './changed.ts';
import { actor, ref, repository, word } from './schema.ts';

const schema = z.object({ ref, ref_type: word, repository, sender: actor });

export const branchDeleted = eventHandler(schema, (event) => {
  if (event.ref_type !== 'branch') return ignored(reason('not_a_failure', 'A tag was deleted, not a branch.'));
  return changed(event, { change: 'branch_deleted', branch: event.ref });
});
