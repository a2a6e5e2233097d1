import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSources } from '../../src/brief/sources/index.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { workflowsAnswers } from '../brief/support/argo-workflows.ts';
import { argocdAnswers } from '../brief/support/argocd.ts';
import { grafanaAnswers } from '../brief/support/grafana.ts';
import { rememberedBehind } from '../brief/support/past.ts';
import { anAlertRemediation, everythingKnown, systemsAt, useStandIn } from '../brief/support/systems.ts';
import { githubOf, useWorld } from '../brief/support/world.ts';
import { contextSourceContract } from './context-sources.ts';

const folder = resolve(import.meta.dirname, '../../src/brief/sources');
const folders = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const world = useWorld();
const standIn = useStandIn(
  (asked) => everythingKnown(asked) ?? argocdAnswers(asked) ?? workflowsAnswers(asked) ?? grafanaAnswers(asked),
);
/** What these know is GitHub's; everybody else knows of platforms. */
const OF_GITHUB = new Set([
  'github-logs',
  'annotations',
  'checks',
  'changed-files',
  'head-commit',
  'pull-request',
  'reviews',
  'last-green',
  'similar-pull-requests',
]);
/** Something to find for the sources that look around the red build. */
beforeAll(async () => {
  const { gh, sha } = world();
  gh.addReview(1, { author: 'bob', state: 'COMMENTED', body: 'Round once.' });
  const job = { name: 'test', conclusion: 'success', log: 'ok 1\n' } as const;
  gh.addRun({ headBranch: 'main', headSha: gh.state.refs['refs/heads/main'] ?? sha, jobs: [job] });
  await gh.addPullRequest({
    title: 'Other rounding',
    head: 'ada/other',
    headSha: '8'.repeat(40),
    files: [{ filename: 'src/cart.js' }],
  });
});
const registered = createSources({ github: githubOf('http://127.0.0.1:1') }).map((source) => source.name);

describe('the registry of context sources', () => {
  it('has exactly the folders', () => {
    expect([...registered].sort()).toEqual([...folders].sort());
  });
});

for (const name of registered) {
  contextSourceContract({
    name,
    async start(fetchHook) {
      const { remediation, gh } = world();
      const http = createHttpClient({ userAgent: 'healer/test', fetch: fetchHook });
      const sources = createSources({
        github: githubOf(gh.url, fetchHook),
        sleep: () => Promise.resolve(),
        http,
        systems: systemsAt(standIn().url, http),
        recall: rememberedBehind(fetchHook),
      });
      const source = sources.find((candidate) => candidate.name === name);
      if (source === undefined) throw new Error(`${name} is registered`);
      return { source, remediation: OF_GITHUB.has(name) ? remediation : anAlertRemediation() };
    },
  });
}
