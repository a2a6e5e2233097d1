import type { GitHub } from '../../../lib/github/client.ts';
import type { FailedCheck } from '../../../model/signal.ts';
import { assessChecks } from '../../assess-checks.ts';
import type { ChecksReading } from '../../evidence.ts';
import { type Reads, readsOf } from '../../reads.ts';
import { answer, type ContextSource } from '../../source.ts';
import { subjectOf } from '../../subject.ts';

/** How the same checks stand elsewhere: on the branch's head of this minute, and on the base branch. */
export function checks(github: GitHub): ContextSource {
  return {
    name: 'checks',
    budget: { timeMs: 10_000, bytes: 64 * 1024 },
    relevant: (remediation) => remediation.kind === 'ci',
    async ask({ remediation, shared, learn }) {
      const reads = readsOf(github, remediation, shared);
      const { sha, branch } = subjectOf(remediation);
      const [head, base] = await Promise.allSettled([reads.branch(), baseOf(reads, branch)]);
      if (head.status === 'rejected') throw head.reason;
      const headSha = head.value.headSha ?? sha;
      const now = assessChecks(await reads.checks(headSha), remediation.failedChecks);
      learn({ checksNow: { sha: headSha, ...now } });
      const lines = [`On ${branch} (${headSha.slice(0, 8)}): ${inWords(now)}`];
      if (base.status === 'fulfilled' && base.value !== null) {
        const wanted = now.red.length > 0 ? now.red : remediation.failedChecks;
        const onBase = assessChecks(await reads.checks(base.value), wanted);
        learn({ baseRed: baseRedOf(onBase, wanted) });
        lines.push(`On the base branch: ${inWords(onBase)}`);
      }
      return answer.found(lines[0] ?? '', lines.join('\n'));
    },
  };
}

/** The base branch's head; null when the branch is the base itself, or there is none. */
async function baseOf(reads: Reads, branch: string): Promise<string | null> {
  const found = await reads.pullRequest();
  const base = found?.baseRef ?? (await reads.repository()).defaultBranch;
  return base === branch && found?.fromFork !== true ? null : reads.headOf(base);
}

/** True when all of them are red there; false when one is known not to be; null when nothing is known. */
function baseRedOf(onBase: ChecksReading, wanted: readonly FailedCheck[]): boolean | null {
  if (wanted.length === 0) return null;
  if (onBase.green.length > 0) return false;
  return onBase.pending.length === 0 ? onBase.state === 'red' : null;
}

function inWords({ red, pending, green }: ChecksReading): string {
  const part = (names: readonly string[], state: string): readonly string[] =>
    names.length === 0 ? [] : [`${state}: ${names.join(', ')}`];
  const said = [
    ...part(
      red.map((check) => check.name),
      'red',
    ),
    ...part(pending, 'not finished'),
    ...part(green, 'green'),
  ];
  return said.length === 0 ? 'no checks known' : said.join('; ');
}
