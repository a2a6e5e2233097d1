import type { GitHub } from '../../../lib/github/client.ts';
import { readsOf } from '../../reads.ts';
import { concernsBranch } from '../../relevance.ts';
import { answer, type ContextSource } from '../../source.ts';

/** The pull request that the red commit belongs to, also when it comes from a fork and no event names it. */
export function pullRequest(github: GitHub): ContextSource {
  return {
    name: 'pull-request',
    budget: { timeMs: 8_000, bytes: 64 * 1024 },
    relevant: concernsBranch,
    async ask({ remediation, shared, learn }) {
      const found = await readsOf(github, remediation, shared).pullRequest();
      learn({ pullRequest: found, pullRequestKnown: true });
      if (found === null) return answer.empty('No open pull request carries this commit.');
      const lines = [
        `#${found.number} ${found.title}`,
        `From ${found.headRepository ?? 'a deleted fork'}:${found.headRef} into ${found.baseRef}`,
        `State: ${found.merged ? 'merged' : found.state}${found.draft ? ', draft' : ''}${found.fromFork ? ', from a fork' : ''}`,
        ...(found.labels.length === 0 ? [] : [`Labels: ${found.labels.join(', ')}`]),
        ...(found.author === null ? [] : [`Author: ${found.author.login}`]),
      ];
      return answer.found(`Pull request #${found.number} into ${found.baseRef}.`, lines.join('\n'), { url: found.url });
    },
  };
}
