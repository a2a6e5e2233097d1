import { describe, expect, it } from 'vitest';
import { allRoutes } from '../../src/cli/demo/github/routes/index.ts';
import type { PullActions } from '../../src/cli/demo/github/routes/pulls.ts';
import { createOpenApiChecker } from '../support/openapi.ts';
import { APP_TOKEN, REPO, startDemo } from './helpers.ts';

const checker = createOpenApiChecker();
type Demo = Awaited<ReturnType<typeof startDemo>>;

/** Asks everything the stand-in can answer at least once, with success. */
async function askEverything({ gh, call }: Demo): Promise<void> {
  const feature = encodeURIComponent('feature/discount');
  const headSha = gh.state.refs['refs/heads/feature/discount'] ?? '';
  const { runId, jobIds } = gh.addRun({
    headBranch: 'feature/discount',
    headSha,
    jobs: [
      {
        name: 'test',
        conclusion: 'failure',
        log: 'a log\n',
        annotations: [{ path: 'a.js', line: 3, message: 'wrong' }],
      },
      { name: 'lint', conclusion: 'success', log: 'fine\n' },
      { name: 'docs', conclusion: null },
    ],
  });
  gh.finishRun(runId, [{ name: 'docs', conclusion: 'skipped' }]);
  gh.addStatus(headSha, { state: 'success', context: 'ci/elsewhere', targetUrl: 'https://ci.example/1' });
  gh.addReview(1, {
    author: 'ada',
    state: 'CHANGES_REQUESTED',
    body: 'Round once.',
    comments: [{ path: 'src/cart.js', line: 3, body: 'Here.' }],
  });
  const runs = `${REPO}/actions/runs`;
  const gets = [
    REPO,
    runs,
    `${runs}?branch=${feature}&status=failure&per_page=1`,
    `${runs}/${runId}`,
    `${runs}/${runId}/attempts/1`,
    `${runs}/${runId}/jobs?filter=all`,
    `${runs}/${runId}/attempts/1/jobs?per_page=2&page=2`,
    `${runs}/${runId}/logs`,
    `${REPO}/actions/jobs/${jobIds['test']}`,
    `${REPO}/actions/jobs/${jobIds['test']}/logs`,
    `${REPO}/commits/${feature}`,
    `${REPO}/commits/${headSha}/check-runs?filter=latest&status=completed`,
    `${REPO}/commits/${feature}/check-suites`,
    `${REPO}/commits/${headSha}/status`,
    `${REPO}/commits/${headSha}/pulls`,
    `${REPO}/compare/main...${feature}`,
    `${REPO}/pulls?state=all&head=acme%3A${feature}&base=main`,
    `${REPO}/pulls/1`,
    `${REPO}/pulls/1/files`,
    `${REPO}/pulls/1/reviews`,
    `${REPO}/pulls/1/comments?direction=desc`,
    `${REPO}/branches/${feature}`,
    `${REPO}/git/ref/heads%2F${feature}`,
    `${REPO}/contents/src?ref=${feature}`,
    `${REPO}/contents/.github%2Fworkflows%2Fci.yml`,
    `${REPO}/check-runs/${jobIds['test']}`,
    `${REPO}/check-runs/${jobIds['test']}/annotations`,
    `${REPO}/collaborators/ada/permission`,
    '/user',
    '/users/ada',
    '/rate_limit',
    '/installation/repositories',
  ];
  for (const path of gets) await call('GET', path);
  const suite = gh.state.runs[0]?.suiteId;
  await call('GET', `${REPO}/check-suites/${suite}`);
  await call('GET', `${REPO}/check-suites/${suite}/check-runs`);
  await writeEverything({ call }, headSha);
  await call('POST', `${runs}/${runId}/rerun-failed-jobs`);
  gh.finishRun(runId, [
    { name: 'test', conclusion: 'success' },
    { name: 'docs', conclusion: 'skipped' },
  ]);
  await call('POST', `${runs}/${runId}/rerun`);
}

async function writeEverything({ call }: Pick<Demo, 'call'>, headSha: string): Promise<void> {
  const comment = await call('POST', `${REPO}/issues/1/comments`, { body: 'working on it' });
  await call('GET', `${REPO}/issues/1/comments`);
  await call('GET', `${REPO}/issues/comments/${comment.json.id}`);
  await call('PATCH', `${REPO}/issues/comments/${comment.json.id}`, { body: 'done' });
  const reactions = `${REPO}/issues/comments/${comment.json.id}/reactions`;
  await call('POST', reactions, { content: 'rocket' });
  await call('POST', reactions, { content: 'rocket' });
  const check = await call('POST', `${REPO}/check-runs`, { name: 'Healer', head_sha: headSha, status: 'in_progress' });
  await call('PATCH', `${REPO}/check-runs/${check.json.id}`, {
    status: 'completed',
    conclusion: 'neutral',
    output: { title: 'Nothing to do', summary: 'It is green.' },
  });
  await call('GET', `${REPO}/commits/${headSha}/check-suites`);
  await call('POST', `${REPO}/pulls`, { title: 'Back', head: 'feature/discount', base: 'old' });
  await call('GET', '/app', undefined, APP_TOKEN);
  const { json: installation } = await call('GET', `${REPO}/installation`, undefined, APP_TOKEN);
  const tokens = `/app/installations/${installation.id}/access_tokens`;
  const { json } = await call('POST', tokens, { permissions: { contents: 'read' } }, APP_TOKEN);
  await call('GET', '/user', undefined, json.token);
}

describe('what the stand-in answers', () => {
  it('is valid against the description that GitHub publishes, for every operation it knows', async () => {
    const demo = await startDemo();
    await demo.addBranch('old', 'main');
    await askEverything(demo);
    const { exchanges } = demo.gh.recorder;
    expect(exchanges.flatMap(({ request, answer }) => checker.check(request, answer))).toEqual([]);

    const published = allRoutes(null, {} as PullActions, () => ({ limit: 0, used: 0, remaining: 0, reset: 0 })).filter(
      (route) => !route.template.startsWith('/{owner}'),
    );
    const answered = exchanges.filter(({ answer }) => answer.status < 400);
    const unasked = published.filter(
      ({ method, pattern }) =>
        !answered.some(({ request }) => request.method === method && pattern.test(request.path.split('?')[0] ?? '')),
    );
    expect(unasked.map((route) => `${route.method} ${route.template}`)).toEqual([]);
    expect(checker.used.size).toBeGreaterThanOrEqual(40);
  });
});
