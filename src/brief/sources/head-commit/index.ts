import type { GitHub } from '../../../lib/github/client.ts';
import { readsOf } from '../../reads.ts';
import { concernsBranch } from '../../relevance.ts';
import { answer, type ContextSource } from '../../source.ts';
import { subjectOf } from '../../subject.ts';

/** The red commit itself, the branch it is on, and the repository. */
export function headCommit(github: GitHub): ContextSource {
  return {
    name: 'head-commit',
    budget: { timeMs: 8_000, bytes: 64 * 1024 },
    relevant: concernsBranch,
    async ask({ remediation, shared, learn }) {
      const reads = readsOf(github, remediation, shared);
      const { branch } = subjectOf(remediation);
      const sha = await reads.redCommit();
      const parts = await Promise.allSettled([
        reads.repository().then((repository) => learn({ repository })),
        reads.branch().then((facts) => {
          learn({ branch: facts });
          return facts;
        }),
        reads.commit(sha).then((commit) => {
          learn({ headCommit: { sha: commit.sha, message: commit.message, author: commit.author } });
          return commit;
        }),
      ]);
      const [, head, commit] = parts;
      if (commit.status === 'rejected') throw commit.reason;
      const { author, message, url } = commit.value;
      const moved = head.status === 'fulfilled' && head.value.headSha !== null && head.value.headSha !== sha;
      const gone = head.status === 'fulfilled' && !head.value.exists;
      const lines = [
        `Commit ${sha} on ${branch}${author === null ? '' : ` by ${author.login}`}`,
        ...(moved ? ['The branch has newer commits.'] : []),
        ...(gone ? ['The branch does not exist any more.'] : []),
        '',
        message,
      ];
      return answer.found(`The red commit is ${sha.slice(0, 8)} on ${branch}.`, lines.join('\n'), { url });
    },
  };
}
