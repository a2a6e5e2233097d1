import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOutcomes } from '../../../src/store/outcomes.ts';
import { workflowsAnswers } from '../../brief/support/argo-workflows.ts';
import { argocdAnswers } from '../../brief/support/argocd.ts';
import { grafanaAnswers } from '../../brief/support/grafana.ts';
import { everythingKnown, useStandIn } from '../../brief/support/systems.ts';
import { RUST_LOG, STORIES, startWorld, type World } from '../../support/world.ts';

const TOKEN = 'a-token-of-the-acceptance-tests';

describe('context from beyond GitHub', STORIES, () => {
  const standIn = useStandIn(
    (asked) => everythingKnown(asked) ?? argocdAnswers(asked) ?? workflowsAnswers(asked) ?? grafanaAnswers(asked),
  );
  let world: World;
  beforeAll(async () => {
    const { url } = standIn();
    world = await startWorld({
      settings: {
        argocd: { url: `${url}/argocd`, token: TOKEN },
        argoWorkflows: { url: `${url}/workflows` },
        prometheus: { url: `${url}/prometheus` },
        loki: { url: `${url}/loki` },
        grafana: { url: `${url}/grafana` },
      },
    });
    world.plan({ '*': ['commit'] });
  });
  afterAll(() => world.close());

  it('is in the prompt of a deployment that failed, and no token with it', async () => {
    world.commit('rollout');
    const log = 'helm upgrade shop\nError: UPGRADE FAILED: timed out waiting for the condition';
    const { runId } = world.run('rollout', { deploy: { red: log } }, { workflowName: 'deploy-production' });
    await world.phase(`ci-${runId}`, 'verifying');
    const prompt = await world.prompt(`ci-${runId}`);
    expect(prompt).toContain('Application shop: sync OutOfSync');
    expect(prompt).toContain('Workflow play-42: Failed');
    expect(prompt).toContain('Error rate of requests: 40 % now');
    expect(prompt).toContain('error: cannot connect to database');
    expect(prompt).toContain('Deployed shop 1.4.0');
    expect(prompt).not.toContain(TOKEN);
    const withToken = standIn().asked.filter(({ headers }) => headers.authorization !== undefined);
    expect(withToken.length).toBeGreaterThan(0);
    expect(withToken.every(({ path }) => path.startsWith('/argocd/'))).toBe(true);
  });

  it('asks nobody beyond GitHub about a compile error, and remembers the one before', async () => {
    world.commit('first');
    const first = world.run('first', { build: { red: RUST_LOG } });
    await world.phase(`ci-${first.runId}`, 'verifying');
    world.run('first', { build: 'green' });
    await world.ended(`ci-${first.runId}`);
    const { db } = world.service.store;
    await world.eventually(async () => {
      const outcomes = await readOutcomes(db, 0);
      return outcomes.some(({ taskId, outcome }) => taskId === `ci-${first.runId}` && outcome === 'success');
    }, 'the end is remembered');
    standIn().asked.length = 0;
    world.commit('second');
    const second = world.run('second', { build: { red: RUST_LOG } });
    await world.phase(`ci-${second.runId}`, 'verifying');
    const prompt = await world.prompt(`ci-${second.runId}`);
    expect(prompt).toContain('1 earlier attempt at this very breakage: 1 turned it green, 1 of these held.');
    expect(prompt).toMatch(
      /here \(ci-\d+\), the same breakage, rex, attempt 1: success\. It said: Wrote repair-1\.txt\./,
    );
    expect(standIn().asked).toEqual([]);
  });
});
