import type { GitHub } from '../../../lib/github/client.ts';
import { diffText } from '../../diff.ts';
import { readsOf } from '../../reads.ts';
import { concernsBranch } from '../../relevance.ts';
import { answer, type ContextSource, type SourceContext } from '../../source.ts';

const PATCH_BYTES = 24 * 1024;

/** What the branch changes, and what the last attempt changed. */
export function changedFiles(github: GitHub): ContextSource {
  return {
    name: 'changed-files',
    budget: { timeMs: 10_000, bytes: 4 * 1024 * 1024 },
    relevant: concernsBranch,
    async ask(context) {
      const { learn } = context;
      const [changes] = await Promise.all([
        readsOf(github, context.remediation, context.shared).changes(),
        lastAttempt(github, context),
      ]);
      learn({ changedFiles: changes.files });
      if (changes.files.length === 0) return answer.empty(`${changes.what} changes no files.`);
      const { text, cut } = diffText(changes.files, PATCH_BYTES);
      const summary = `${changes.what} changes ${changes.files.length === 1 ? '1 file' : `${changes.files.length} files`}.`;
      return answer.found(summary, `${summary}\n\n${text}`, { truncated: cut, url: changes.url });
    },
  };
}

/** What the last agent pushed is asked for apart; not knowing it spoils nothing. */
async function lastAttempt(github: GitHub, { remediation, shared, learn }: SourceContext): Promise<void> {
  const sha = remediation.attempts.at(-1)?.report?.commitSha ?? null;
  if (sha === null) return;
  const commit = await readsOf(github, remediation, shared)
    .commit(sha)
    .catch(() => null);
  if (commit !== null) learn({ lastAttemptFiles: commit.files });
}
