import { describe, expect, it } from 'vitest';
import { codeRunOf, foreignConditions } from '../../../../src/coderun/engines/kubernetes/decode.ts';
import { jobName, workspaceName } from '../../../../src/coderun/engines/kubernetes/names.ts';
import { keptRun } from '../../../../src/coderun/engines/kubernetes/picture.ts';
import { assess } from '../../../../src/coderun/reconcile/assess.ts';
import { DEFAULT_RECONCILE_POLICY } from '../../../../src/coderun/reconcile/policy.ts';
import type { KubernetesObject } from '../../../../src/lib/kubernetes/objects.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');

function object(spec: unknown, status: unknown = undefined, metadata: object = {}): KubernetesObject {
  return {
    apiVersion: 'agents.platform/v1',
    kind: 'CodeRun',
    metadata: {
      name: 'run',
      uid: 'u-1',
      resourceVersion: '7',
      generation: 3,
      creationTimestamp: '2026-11-20T11:00:00Z',
      ...metadata,
    },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}
const MINIMAL = { service: 'shop', repositoryUrl: 'https://github.com/acme/shop.git' };
const nothing = { fileSet: null, hasRemains: false, credentialsExpireAt: null, job: { state: 'none' } } as const;

describe('a CodeRun of the API', () => {
  it('is read from what people write at least', () => {
    expect(codeRunOf(object(MINIMAL))).toMatchObject({
      name: 'run',
      generation: 3,
      cancelRequested: false,
      spec: { ...MINIMAL, runType: 'implementation', contextVersion: 1, docsBranch: 'main' },
      status: { phase: 'Pending', conditions: [] },
    });
  });

  it('is read with null for what is not given, and a number for the task', () => {
    const { spec, problem } = codeRunOf(object({ ...MINIMAL, taskId: 12, branch: null, githubApp: null }));
    expect(problem).toBeUndefined();
    expect(spec).toMatchObject({ taskId: '12' });
  });

  it.each([
    ['no spec at all', undefined],
    ['a text for a spec', 'x'],
    ['a service that is missing', { repositoryUrl: 'r' }],
    ['an unknown run type', { ...MINIMAL, runType: 'guess' }],
    ['a branch that is an option of git', { ...MINIMAL, branch: '--upload-pack=x' }],
  ])('with %s is marked, ended, told and removable, and stands in nobody’s way [R4, R10]', (_what, spec) => {
    const codeRun = codeRunOf(object(spec));
    expect(codeRun.problem).toBeTruthy();
    const { status, actions } = assess(nothing, codeRun, DEFAULT_RECONCILE_POLICY, NOW);
    expect(actions).toEqual([]);
    expect(status).toMatchObject({ phase: 'Failed', message: expect.stringContaining('cannot be read') });
    expect(status?.conditions?.[0]).toMatchObject({ type: 'Accepted', status: 'False', reason: 'Malformed' });
    const told = codeRunOf(object(spec, { ...status, conditions: status?.conditions }));
    expect(assess({ ...nothing, isHeld: true }, told, DEFAULT_RECONCILE_POLICY, NOW).actions).toEqual([
      { kind: 'report' },
    ]);
    const reported = {
      type: 'Reported',
      status: 'True',
      reason: 'Reported',
      message: '',
      observedGeneration: 3,
      lastTransitionTime: '2026-11-20T12:00:00Z',
    };
    const over = codeRunOf(
      object(spec, { ...status, conditions: [reported] }, { deletionTimestamp: '2026-11-20T12:00:00Z' }),
    );
    expect(assess({ ...nothing, isHeld: true }, over, DEFAULT_RECONCILE_POLICY, NOW).actions).toEqual([
      { kind: 'release' },
    ]);
  });

  it('keeps what can be read of a status that others wrote', () => {
    const { status } = codeRunOf(
      object(MINIMAL, {
        phase: 'Running',
        jobName: 'j',
        retryCount: 'often',
        conditions: [{ type: 'Ready', status: 'True' }],
      }),
    );
    expect(status).toMatchObject({ phase: 'Running', jobName: 'j', retryCount: 0, conditions: [] });
  });

  it('leaves other controllers’ conditions to them', () => {
    const given = object(MINIMAL, {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'Accepted', status: 'True' },
      ],
    });
    expect(foreignConditions(given)).toEqual([{ type: 'Ready', status: 'True' }]);
  });

  it('speaks of the attempt that is under way until it has ended', () => {
    const run = codeRunOf(object({ ...MINIMAL, contextVersion: 3 }, { phase: 'Running', contextVersion: 2 }));
    expect(run).toMatchObject({ supersededBy: 3, cancelRequested: true, spec: { contextVersion: 2 } });
    expect(jobName(run)).toBe(jobName(codeRunOf(object({ ...MINIMAL, contextVersion: 2 }))));
    expect(jobName(run)).not.toBe(jobName(codeRunOf(object({ ...MINIMAL, contextVersion: 3 }))));
  });

  it('begins a further attempt once the one before it was reported, and keeps its pull request [R6, R12]', () => {
    const reported = {
      type: 'Reported',
      status: 'True',
      reason: 'Reported',
      message: '',
      observedGeneration: 3,
      lastTransitionTime: '2026-11-20T11:30:00Z',
    };
    const status = {
      phase: 'Failed',
      contextVersion: 1,
      conditions: [reported],
      jobName: 'old',
      pullRequestUrl: 'https://github.com/acme/shop/pull/1',
    };
    const run = codeRunOf(object({ ...MINIMAL, contextVersion: 2 }, status));
    const fresh = assess({ ...nothing, hasRemains: true }, run, DEFAULT_RECONCILE_POLICY, NOW);
    expect(fresh).toMatchObject({
      isWhole: true,
      actions: [],
      status: { phase: 'Pending', contextVersion: 2, pullRequestUrl: status.pullRequestUrl },
    });
    expect(fresh.status).not.toHaveProperty('jobName');
    const same = codeRunOf(object({ ...MINIMAL, contextVersion: 1 }, status));
    expect(assess(nothing, same, DEFAULT_RECONCILE_POLICY, NOW)).toMatchObject({ actions: [], status: null });
  });

  it('is cancelled by the attempt that the annotation names, or by a plain true', () => {
    const annotated = (value: string, contextVersion: number) =>
      codeRunOf(object({ ...MINIMAL, contextVersion }, undefined, { annotations: { 'healer/cancel': value } }))
        .cancelRequested;
    expect([annotated('1', 1), annotated('1', 2), annotated('true', 2), annotated('no', 1)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('is kept without its long texts, and with everything that it is judged by', () => {
    const spec = { ...MINIMAL, prompt: 'long', promptModification: 'longer', acceptanceCriteria: 'longest' };
    const given = object(spec, { phase: 'Running', contextVersion: 1, message: 'on it' });
    const { codeRun } = keptRun(given);
    const { prompt: _, promptModification: __, acceptanceCriteria: ___, ...short } = codeRunOf(given).spec;
    expect(codeRun).toStrictEqual({ ...codeRunOf(given), spec: short });
    const observed = { ...nothing, job: { state: 'running', name: 'job', startedAt: NOW } } as const;
    expect(assess(observed, codeRun, DEFAULT_RECONCILE_POLICY, NOW)).toEqual(
      assess(observed, codeRunOf(given), DEFAULT_RECONCILE_POLICY, NOW),
    );
  });

  it('names its workspace after service and agent, whatever characters they have [R17]', () => {
    const name = (spec: object) => workspaceName(codeRunOf(object({ ...MINIMAL, ...spec })));
    expect(name({ githubApp: '5DLabs-Rex' })).toBe('workspace-shop-rex');
    expect(name({ service: 'My_Shop' })).toBe('workspace-my-shop-agent');
    expect(name({ service: 's'.repeat(63) })).toMatch(/^workspace-s+-[0-9a-f]{8}$/);
    expect(name({ service: 's'.repeat(63) }).length).toBeLessThanOrEqual(63);
  });
});
