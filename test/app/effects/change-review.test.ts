import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChangeReviewDeps, changeReviewer } from '../../../src/app/effects/change-review.ts';
import { RetryableError } from '../../../src/lib/errors.ts';
import type { GitHub } from '../../../src/lib/github/client.ts';
import { REFUSED_CONCERNS } from '../../../src/model/change-concern.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import { insertBrief } from '../../../src/store/briefs.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import { AGENT_SHA, aClassification, anAttempt, aRemediation, aReport, SHA } from '../../support/builders.ts';
import { NOON } from '../../support/clock.ts';

interface File {
  readonly filename: string;
  readonly patch: string;
}
interface Answer {
  readonly files: readonly File[];
  /** Parents of each commit; one unless said otherwise. */
  readonly parents?: readonly number[];
  readonly total?: number;
}

const skips = (filename: string): File => ({ filename, patch: "@@ -1 +1 @@\n-it('a', () => {\n+it.skip('a', () => {" });
const edit = (filename: string): File => ({ filename, patch: '@@ -1 +1 @@\n-a\n+b' });

/** GitHub as far as the review asks it: comparisons by `base...head`, and the base of the pull request. */
function gitHub(comparisons: Readonly<Record<string, Answer | number>>): { github: GitHub; asked: string[] } {
  const asked: string[] = [];
  const fails = (status: number) => Object.assign(new Error(`${status}`), { status, response: { headers: {} } });
  const repos = {
    compareCommitsWithBasehead: async ({ basehead }: { basehead: string }) => {
      asked.push(basehead);
      const answer = comparisons[basehead] ?? 404;
      if (typeof answer === 'number') throw fails(answer);
      const parents = answer.parents ?? [1];
      return {
        data: {
          files: answer.files.map((file) => ({ ...file, status: 'modified', additions: 1, deletions: 1 })),
          commits: parents.map((count) => ({ parents: Array(count).fill({}) })),
          total_commits: answer.total ?? parents.length,
        },
      };
    },
  };
  const pulls = { get: async () => ({ data: { base: { ref: 'develop' } } }) };
  const github = { clock: () => NOON, forRepository: () => ({ rest: { repos, pulls } }) } as unknown as GitHub;
  return { github, asked };
}

let store: Store;
beforeEach(async () => {
  store = await openStore({ kind: 'memory' });
  await insertBrief(store.db, {
    id: 'brief-1',
    remediationId: aRemediation().id,
    ordinal: 1,
    createdAt: NOON,
    classification: aClassification(),
    findings: [
      {
        source: 'changed-files',
        status: 'found',
        durationMs: 1,
        summary: '1 file.',
        body: 'modified crates/ledger/book.rs (+1 -1)',
        url: null,
        truncated: false,
      },
    ],
    cuts: [],
    template: 'ci/rust-fix.hbs',
    baseBranch: null,
    prompt: '',
  });
});
afterEach(() => store.close());

const remediation = aRemediation({
  phase: 'verifying',
  targetBranch: 'feature',
  pullRequest: 12,
  attempts: [anAttempt({ baseSha: SHA, report: aReport() })],
});
const review = (github: GitHub, of: Remediation = remediation, over: Partial<ChangeReviewDeps> = {}) =>
  changeReviewer({ github, store, refuse: REFUSED_CONCERNS, secrets: [], ...over })(
    of,
    AGENT_SHA,
    new AbortController().signal,
  );
const places = ({ concerns }: Awaited<ReturnType<typeof review>>) =>
  concerns.map(({ code, path }) => `${code} ${path}`);

describe('the review of an agent’s change', () => {
  it('compares with the commit that the first attempt began with, not with what a later one found', async () => {
    const { github, asked } = gitHub({ [`${SHA}...${AGENT_SHA}`]: { files: [skips('cart.test.ts')] } });
    const later = anAttempt({ ordinal: 2, number: 2, baseSha: 'c'.repeat(40), report: aReport() });
    const second = { ...remediation, headSha: 'c'.repeat(40), attempts: [...remediation.attempts, later] };
    const reviewed = await review(github, second);
    expect(asked).toEqual([`${SHA}...${AGENT_SHA}`]);
    expect(reviewed.refusal).toContain('cart.test.ts skips tests');
  });

  it('knows from the first brief what the failure is about', async () => {
    const files = [edit('crates/ledger/lib.rs'), edit('billing/pay.py')];
    const reviewed = await review(gitHub({ [`${SHA}...${AGENT_SHA}`]: { files } }).github);
    expect(places(reviewed)).toEqual(['unrelated_files billing/pay.py']);
    expect(reviewed.refusal).toBeNull();
  });

  it('does not hold against an agent what a merge of the base branch brought', async () => {
    const own = gitHub({
      [`${SHA}...${AGENT_SHA}`]: { files: [skips('cart.test.ts'), skips('theirs.test.ts')], parents: [1, 2] },
      [`develop...${AGENT_SHA}`]: { files: [skips('cart.test.ts')] },
    });
    expect(places(await review(own.github))).toEqual(['test_skipped cart.test.ts']);
    const theirs = gitHub({
      [`${SHA}...${AGENT_SHA}`]: { files: [skips('theirs.test.ts')], parents: [2] },
      [`develop...${AGENT_SHA}`]: { files: [edit('book.rs')] },
    });
    expect((await review(theirs.github)).refusal).toBeNull();
  });

  it('looks for a merge also where GitHub lists only some of the commits', async () => {
    const { github, asked } = gitHub({
      [`${SHA}...${AGENT_SHA}`]: { files: [skips('cart.test.ts')], total: 250 },
      [`develop...${AGENT_SHA}`]: { files: [skips('cart.test.ts')] },
    });
    expect((await review(github)).refusal).not.toBeNull();
    expect(asked).toHaveLength(2);
  });

  it('compares with the broken branch when the repair has a branch of its own', async () => {
    const { github, asked } = gitHub({
      [`${SHA}...${AGENT_SHA}`]: { files: [skips('cart.test.ts')], parents: [2] },
      [`main...${AGENT_SHA}`]: { files: [skips('cart.test.ts')] },
    });
    await review(github, { ...remediation, branch: 'main', targetBranch: 'fix/rust-aaaaaaaa' });
    expect(asked.at(-1)).toBe(`main...${AGENT_SHA}`);
  });

  it('says so when GitHub cannot compare, and refuses that only where the policy asks for it', async () => {
    const { github } = gitHub({});
    expect(await review(github)).toMatchObject({
      refusal: null,
      concerns: [{ code: 'not_reviewed', severity: 'report' }],
    });
    expect((await review(github, remediation, { refuse: ['not_reviewed'] })).refusal).toContain('could not compare');
  });

  it('waits for GitHub when it does not answer: nothing is fixed unseen', async () => {
    const { github } = gitHub({ [`${SHA}...${AGENT_SHA}`]: 502 });
    await expect(review(github)).rejects.toBeInstanceOf(RetryableError);
  });

  it('tells when GitHub lists no more files', async () => {
    const files = Array.from({ length: 300 }, (_, n) => edit(`src/f${n}.rs`));
    const reviewed = await review(gitHub({ [`${SHA}...${AGENT_SHA}`]: { files } }).github);
    expect(places(reviewed)).toContain('not_reviewed null');
  });

  it('finds the values of our own settings', async () => {
    const secret = 'correct horse battery staple';
    const file = { filename: 'src/a.rs', patch: `@@ -1 +1,2 @@\n a\n+// ${secret}` };
    const reviewed = await review(gitHub({ [`${SHA}...${AGENT_SHA}`]: { files: [file] } }).github, remediation, {
      secrets: [secret],
    });
    expect(reviewed.refusal).toContain('now holds a secret');
    expect(JSON.stringify(reviewed)).not.toContain(secret);
  });
});
