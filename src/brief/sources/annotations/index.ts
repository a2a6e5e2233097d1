import type { GitHub } from '../../../lib/github/client.ts';
import { splitRepository } from '../../../lib/github/errors.ts';
import { allPages } from '../../../lib/github/pages.ts';
import type { CheckFact } from '../../assess-checks.ts';
import type { Annotation } from '../../evidence.ts';
import { readsOf } from '../../reads.ts';
import { answer, type ContextSource, type SourceContext } from '../../source.ts';

const MAX_CHECKS = 10;
const MAX_PAGES = 2;
const MAX_LISTED = 60;
const RED = new Set(['failure', 'timed_out', 'startup_failure']);

/** What the failed checks wrote beside the lines of the code. */
export function annotations(github: GitHub): ContextSource {
  return {
    name: 'annotations',
    budget: { timeMs: 8_000, bytes: 1024 * 1024 },
    relevant: (remediation) => remediation.kind === 'ci',
    async ask(context) {
      const { remediation, shared, learn } = context;
      const reads = readsOf(github, remediation, shared);
      const facts = await reads.checks(await reads.redCommit());
      const red = facts.filter((fact) => RED.has(fact.conclusion ?? '') && fact.checkRunId !== null);
      const read = await Promise.all(red.slice(0, MAX_CHECKS).map((fact) => annotationsOf(github, context, fact)));
      const found = read
        .flat()
        .filter((entry) => !/^Process completed with exit code \d+\.?$/.test(entry.message.trim()));
      learn({ annotations: found });
      if (found.length === 0) return answer.empty('The failed checks left no annotations.');
      const order = { failure: 0, warning: 1, notice: 2 } as const;
      const lines = found
        .toSorted((a, b) => order[a.level] - order[b.level])
        .slice(0, MAX_LISTED)
        .map((entry) => `${entry.path}:${entry.startLine} ${entry.level} (${entry.check}): ${entry.message}`);
      const summary = `${found.length} annotations on ${red.length} failed checks.`;
      return answer.found(summary, lines.join('\n'), { truncated: found.length > MAX_LISTED });
    },
  };
}

async function annotationsOf(
  github: GitHub,
  { remediation, signal }: SourceContext,
  fact: CheckFact,
): Promise<readonly Annotation[]> {
  const octokit = github.forRepository(remediation.repository);
  const where = { ...splitRepository(remediation.repository), per_page: 100, request: { signal } };
  const ask = (page: number) =>
    octokit.rest.checks.listAnnotations({ ...where, check_run_id: fact.checkRunId ?? 0, page });
  const entries = await allPages(ask, (data) => data, MAX_PAGES);
  return entries.map((entry) => ({
    check: fact.check.name,
    path: entry.path,
    startLine: entry.start_line,
    endLine: entry.end_line,
    level:
      entry.annotation_level === 'failure' || entry.annotation_level === 'warning' ? entry.annotation_level : 'notice',
    message: [entry.title, entry.message].filter((part) => part).join(': '),
  }));
}
