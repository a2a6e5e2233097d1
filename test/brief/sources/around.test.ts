import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gather } from '../../../src/brief/gather.ts';
import { createSources } from '../../../src/brief/sources/index.ts';
import { classifyChecks } from '../../../src/decide/classify-checks.ts';
import { loadRules } from '../../../src/decide/route/load.ts';
import type { ContextFinding } from '../../../src/model/evidence.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import { createRedactor } from '../../../src/safety/index.ts';
import { aCheck } from '../../support/builders.ts';
import { createOpenApiChecker } from '../../support/openapi.ts';
import { FAILED_JOB, useWorld } from '../support/world.ts';

const world = useWorld();
const rules = loadRules(join(import.meta.dirname, '../../../routing-rules'));

async function gathered(remediation: Remediation) {
  const sources = createSources({ github: world().github, sleep: () => Promise.resolve() });
  const evidence = await gather(sources, remediation, { clock: Date.now, redactor: createRedactor() });
  const of = (name: string) => evidence.findings.find(({ source }) => source === name) as ContextFinding;
  return { evidence, of };
}

/** A branch of its own with a red commit on top of a green one. */
async function redAfterGreen(name: string, greenLog: string) {
  const { gh, remediation, addCommit } = world();
  const green = await addCommit(name, 'main', 'main');
  const red = await addCommit(name, green, 'feature/discount');
  const job = { ...FAILED_JOB, conclusion: 'success', log: greenLog, annotations: [], steps: [] } as const;
  gh.addRun({ headBranch: name, headSha: green, jobs: [job] });
  const { runId } = gh.addRun({ headBranch: name, headSha: red, jobs: [FAILED_JOB] });
  return { green, red, runId, remediation: { ...remediation, branch: name, headSha: red, runId, pullRequest: null } };
}

describe('what is known around a red build', () => {
  it('is when the workflow was last green, what was committed since, and the log of the same job then', async () => {
    const { green, red, remediation } = await redAfterGreen('topic/since', 'all is well\n');
    const { evidence, of } = await gathered(remediation);
    const finding = of('last-green');
    expect(finding).toMatchObject({
      status: 'found',
      summary: `CI was last green on topic/since at ${green.slice(0, 8)}; 1 commit since.`,
    });
    expect(finding.body).toContain(`${red.slice(0, 8)} ada: The work of topic/since`);
    expect(finding.body).toContain('- modified src/cart.js');
    expect(evidence.greenLogs.map(({ check }) => check.name)).toEqual(['test']);
    expect(Buffer.from(evidence.greenLogs[0]?.bytes ?? []).toString()).toBe('all is well\n');
  });

  it('falls back on the branch it is to be merged into', async () => {
    const { gh, remediation, headOf, addCommit } = world();
    const base = await headOf('main');
    const log = { ...FAILED_JOB, name: 'fallback', conclusion: 'success', log: 'fine\n', annotations: [] } as const;
    gh.addRun({ headBranch: 'main', headSha: base, workflowName: 'Nightly', jobs: [log] });
    const red = await addCommit('topic/new', 'main', 'feature/discount');
    const { runId } = gh.addRun({
      headBranch: 'topic/new',
      headSha: red,
      workflowName: 'Nightly',
      jobs: [{ ...FAILED_JOB, name: 'fallback' }],
    });
    const { of } = await gathered({ ...remediation, branch: 'topic/new', headSha: red, runId, pullRequest: null });
    expect(of('last-green').summary).toMatch(/^Nightly was last green on main at /);
  });

  it('makes lines of the last green run weigh less than what is new', async () => {
    const noise = 'error[E0433]: failed to resolve: use of undeclared crate or module `serde`';
    const { remediation } = await redAfterGreen('topic/weigh', `${noise}\n`);
    const { evidence } = await gathered(remediation);
    const check = aCheck('test', { workflowName: 'CI' });
    const input = { failedChecks: [check], workflowName: 'CI', changedFiles: [], annotations: [] };
    const logs = [{ check, bytes: Buffer.from(`${noise}\nerror: could not compile \`shop\` (lib)\n`) }];
    const weightWith = (greenLogs: typeof evidence.greenLogs): number => {
      const told = classifyChecks({ ...input, logs, greenLogs }, rules).evidence;
      return told.find(({ text }) => text.includes('E0433'))?.weight ?? 0;
    };
    expect(weightWith(evidence.greenLogs)).toBeLessThan(weightWith([]));
  });

  it('is what reviewers said, each one’s last verdict, and beside which line', async () => {
    const { gh, remediation } = world();
    const number = await gh.addPullRequest({ title: 'Reviewed', head: 'topic/weigh', headSha: '7'.repeat(40) });
    gh.addReview(number, { author: 'bob', state: 'APPROVED' });
    gh.addReview(number, {
      author: 'bob',
      state: 'CHANGES_REQUESTED',
      body: 'Round once.',
      comments: [{ path: 'src/cart.js', line: 3, body: 'Here,\nnot there.' }],
    });
    const { of } = await gathered({ ...remediation, pullRequest: number });
    expect(of('reviews')).toMatchObject({
      status: 'found',
      summary: `1 review and 1 comment on lines of pull request #${number}.`,
    });
    expect(of('reviews').body).toMatch(/bob on [0-9a-f]{8}: changes requested: Round once\./);
    expect(of('reviews').body).not.toContain('approved');
    expect(of('reviews').body).toContain('- src/cart.js:3 (bob): Here, not there.');
  });

  it('is an open pull request that changes the same files, before one that only sounds alike', async () => {
    const { gh, remediation } = world();
    const same = await gh.addPullRequest({
      title: 'Other rounding',
      head: 'ada/other',
      headSha: '8'.repeat(40),
      files: [{ filename: 'src/cart.js' }, { filename: 'README.md' }],
    });
    const foreign = await gh.addPullRequest({
      title: 'Bump the linter',
      head: 'renovate/linter',
      headSha: '9'.repeat(40),
      files: [{ filename: 'package.json' }],
    });
    const { of } = await gathered(remediation);
    const finding = of('similar-pull-requests');
    expect(finding.status).toBe('found');
    expect(finding.body?.split('\n')[0]).toContain(`#${same} Other rounding`);
    expect(finding.body).toContain('It changes the same files: src/cart.js.');
    expect(finding.body).not.toContain(`#${foreign} `);
    expect(finding.body).not.toContain('#1 ');
  });

  it('costs a bounded number of requests, each as GitHub publishes it', async () => {
    const { gh } = world();
    const { remediation } = await redAfterGreen('topic/count', 'all is well\n');
    for (let number = 0; number < 12; number += 1) {
      await gh.addPullRequest({
        title: `Rounding ${number}`,
        head: `many/${number}`,
        headSha: `a${number}`.padEnd(40, '0'),
        files: [{ filename: 'src/cart.js' }],
      });
    }
    gh.recorder.clear();
    await gathered(remediation);
    const asked = gh.recorder.exchanges.filter(({ request }) => request.path.startsWith('/repos/'));
    const checker = createOpenApiChecker();
    expect(asked.flatMap(({ request, answer }) => checker.check(request, answer))).toEqual([]);
    expect(new Set(asked.map(({ request }) => request.path)).size).toBe(asked.length);
    expect(asked.length).toBeLessThanOrEqual(32);
  });
});
