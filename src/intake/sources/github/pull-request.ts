import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import type { PullRequestChanged } from '../../../model/signal.ts';
import { ignored } from '../source.ts';
import { changed } from './changed.ts';
import { eventHandler } from './handler.ts';
import { actor, id, ref, repository, sha, word } from './schema.ts';

const schema = z.object({
  action: word,
  number: id,
  pull_request: z.object({
    merged: z.boolean().nullish().catch(null),
    head: z.object({
      ref,
      sha,
      // Null once a fork has been deleted.
      repo: z.object({ id: id.nullish(), full_name: z.string() }).nullish().catch(null),
    }),
  }),
  repository,
  sender: actor,
});

function changeOf(action: string, isMerged: boolean): PullRequestChanged['change'] | null {
  if (action === 'closed') return isMerged ? 'merged' : 'closed';
  return action === 'synchronize' ? 'head_moved' : null;
}

export const pullRequest = eventHandler(schema, (event) => {
  const { head, merged } = event.pull_request;
  const change = changeOf(event.action, merged === true);
  if (change === null) {
    const detail = `Pull request ${event.number} was ${event.action}; that neither moves nor ends a remediation.`;
    return ignored(reason('not_a_failure', detail));
  }
  const own = event.repository;
  const isOwn = head.repo?.id && own.id ? head.repo.id === own.id : head.repo?.full_name === own.full_name;
  return changed(event, { change, branch: head.ref, number: event.number, headSha: head.sha, fromFork: !isOwn });
});
