import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { eventHandler } from '../handler.ts';
import { ignored, said } from '../source.ts';
import { actionsPlace } from './actions-url.ts';
import { isOwnCheck } from './own-check.ts';
import { actor, headCommit, line, maybeUrl, type Repository, ref, repository, sha, word } from './schema.ts';
import { judge } from './verdict.ts';

const branch = z.object({ name: ref, commit: z.object({ sha }) });

const schema = z.object({
  sha,
  // `name` is the repository's; the check's name is the context.
  context: line,
  state: word,
  target_url: maybeUrl,
  commit: z.object({ commit: headCommit }).nullish().catch(null),
  branches: z
    .array(branch.nullable().catch(null))
    .nullish()
    .catch(null)
    .transform((list) => (list ?? []).filter((entry) => entry !== null)),
  repository,
  sender: actor,
});

/**
 * The branch whose newest commit this is. GitHub lists up to ten branches that contain the commit; on the others
 * something newer has been pushed. The default branch comes first: a branch just made from it is not the broken one.
 */
function branchOf(branches: readonly z.infer<typeof branch>[], head: string, own: Repository): string | null {
  const names = branches.filter(({ commit }) => commit.sha === head).map(({ name }) => name);
  const isDefault = own.default_branch !== null && names.includes(own.default_branch);
  return isDefault ? own.default_branch : (names[0] ?? null);
}

export const status = eventHandler(schema, (event, self) => {
  if (isOwnCheck(event.context, null, self)) return ignored(reason('healer_itself'));
  const conclusion = event.state === 'pending' ? null : event.state;
  const verdict = judge({ subject: `status "${event.context}"`, action: null, status: null, conclusion });
  if (verdict.kind === 'ignored') return ignored(verdict.reason);
  const repositoryName = event.repository.full_name;
  const place = actionsPlace(event.target_url, repositoryName);
  return said({
    kind: verdict.kind,
    repository: repositoryName,
    defaultBranch: event.repository.default_branch,
    event: 'status',
    headSha: event.sha,
    branch: branchOf(event.branches, event.sha, event.repository),
    runId: place?.runId ?? null,
    runAttempt: place?.runAttempt ?? 1,
    check: {
      name: event.context,
      source: 'status',
      jobId: place?.jobId ?? null,
      runId: place?.runId ?? null,
      workflowName: null,
      failedSteps: [],
      url: event.target_url,
    },
    workflowName: null,
    conclusion: verdict.conclusion,
    url: event.target_url,
    actor: event.sender,
    commitMessage: event.commit?.commit ?? null,
    fromFork: null,
    pullRequests: [],
  });
});
