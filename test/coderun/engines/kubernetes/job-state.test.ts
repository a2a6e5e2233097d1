import { describe, expect, it } from 'vitest';
import { isUntold, type JobFacts, jobStateOf } from '../../../../src/coderun/engines/kubernetes/job-state.ts';
import { type JobView, jobView, type PodView, podView } from '../../../../src/coderun/engines/kubernetes/views.ts';
import type { KubernetesObject } from '../../../../src/lib/kubernetes/objects.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString();

/** Objects as an API server gives them, with the fields that matter here. */
const meta = (name: string, more: object = {}) => ({
  name,
  uid: `${name}-uid`,
  resourceVersion: '1',
  creationTimestamp: at(60),
  labels: { 'healer/coderun-uid': 'u', 'batch.kubernetes.io/job-name': 'j' },
  annotations: { 'healer/coderun': 'run' },
  ...more,
});
const job = (conditions: object[] = [], more: object = {}): JobView =>
  jobView({ metadata: meta('j', more), status: { conditions } } as unknown as KubernetesObject);
const pod = (status: object, more: object = {}): PodView =>
  podView({ metadata: meta('p', more), status } as unknown as KubernetesObject);
const agent = (state: object) => ({ containerStatuses: [{ name: 'agent', state }] });
const ended = (exitCode: number, more: object = {}) =>
  pod({
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    ...agent({ terminated: { exitCode, startedAt: at(30), finishedAt: at(5), ...more } }),
  });
const failed = (reason: string, message = '') => ({
  type: 'Failed',
  status: 'True',
  reason,
  message,
  lastTransitionTime: at(1),
});
const COMPLETE = { type: 'Complete', status: 'True', lastTransitionTime: at(1) };

const look = (view: JobView, pods: readonly PodView[], more: Partial<JobFacts> = {}, now = NOW) =>
  jobStateOf(
    { job: view, pods, hint: null, outputTail: '', redact: (text) => text.replaceAll('hunter2', '[secret]'), ...more },
    now,
  );

describe('what a Job and its Pod say', () => {
  it('is pending without a Pod, and takes the word of an Event for why', () => {
    expect(look(job(), [])).toMatchObject({ state: 'pending', reason: null, message: '', isHopeless: false });
    const hint = { reason: 'FailedCreate', message: 'exceeded quota: agents' };
    expect(look(job(), [], { hint })).toMatchObject({
      reason: 'FailedCreate',
      message: 'FailedCreate: exceeded quota: agents',
    });
  });

  it('asks for Events only where nothing else says why', () => {
    const late = NOW + 20_000;
    expect(isUntold({ job: job(), pods: [] }, NOW - 50_000)).toBe(false);
    expect(isUntold({ job: job(), pods: [] }, late)).toBe(true);
    expect(isUntold({ job: job(), pods: [pod(agent({ waiting: { reason: 'ContainerCreating' } }))] }, late)).toBe(true);
    expect(isUntold({ job: job(), pods: [pod(agent({ waiting: { reason: 'ErrImagePull' } }))] }, late)).toBe(false);
    expect(isUntold({ job: job(), pods: [pod(agent({ running: { startedAt: at(1) } }))] }, late)).toBe(false);
    expect(isUntold({ job: job([COMPLETE]), pods: [] }, late)).toBe(false);
  });

  it('surfaces why a container waits, and why no node takes the Pod [R5]', () => {
    const waiting = pod(
      agent({ waiting: { reason: 'CreateContainerConfigError', message: 'secret "npm-login" not found' } }),
    );
    expect(look(job(), [waiting])).toMatchObject({
      state: 'pending',
      reason: 'CreateContainerConfigError',
      message: 'CreateContainerConfigError: secret "npm-login" not found',
      isHopeless: false,
    });
    const unscheduled = pod({
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }],
    });
    expect(look(job(), [unscheduled])).toMatchObject({ reason: 'Unschedulable', message: 'Unschedulable: 0/3 nodes' });
  });

  it.each([
    ['InvalidImageName', '', 1, true],
    ['ErrImageNeverPull', '', 1, true],
    ['ErrImagePull', 'manifest unknown', 1, false],
    ['ErrImagePull', 'manifest unknown', 121, true],
    ['ImagePullBackOff', 'Back-off pulling image: 401 Unauthorized', 121, true],
    ['ErrImagePull', 'dial tcp: i/o timeout', 600, false],
    ['CreateContainerConfigError', 'secret "x" not found', 100, false],
    ['CreateContainerConfigError', 'secret "x" not found', 121, true],
    ['ContainerCreating', '', 600, false],
  ])('waits for %s (%s) after %i s: hopeless %s', (reason, message, waited, isHopeless) => {
    const waiting = pod(agent({ waiting: { reason, message } }), { creationTimestamp: at(waited) });
    expect(look(job(), [waiting])).toMatchObject({ state: 'pending', isHopeless });
  });

  it('names what holds up a container that starts before the agent’s', () => {
    const view = pod({
      initContainerStatuses: [
        { name: 'docker', state: { waiting: { reason: 'ErrImagePull', message: 'no such image' } } },
      ],
      ...agent({ waiting: { reason: 'PodInitializing' } }),
    });
    expect(look(job(), [view])).toMatchObject({ state: 'pending', reason: 'ErrImagePull' });
  });

  it('runs until the Job itself has ended, also when its Pod has', () => {
    expect(look(job(), [pod(agent({ running: { startedAt: at(9) } }))])).toEqual({
      state: 'running',
      name: 'j',
      startedAt: NOW - 9000,
    });
    expect(look(job(), [ended(0)])).toMatchObject({ state: 'running', startedAt: NOW - 30_000 });
    const interim = { ...failed('DeadlineExceeded'), type: 'FailureTarget' };
    expect(look(job([interim]), [ended(143)])).toMatchObject({ state: 'running' });
  });

  it('takes the end, its code and the agent’s statement from the container', () => {
    const message = JSON.stringify({ status: 'fixed', summary: 'done with hunter2' });
    const state = look(job([COMPLETE]), [ended(0, { message })]);
    expect(state).toMatchObject({
      state: 'exited',
      exit: { code: 0, cause: 'completed', startedAt: NOW - 30_000, finishedAt: NOW - 5000, outputTail: '' },
    });
    expect(state.state === 'exited' && state.exit.result?.report?.summary).toBe('done with [secret]');
  });

  it('sees a failed Job that has no completionTime [R11]', () => {
    const state = look(job([failed('BackoffLimitExceeded')]), [ended(9)], { outputTail: 'the end, hunter2' });
    expect(state).toMatchObject({
      state: 'exited',
      exit: { code: 9, cause: 'completed', outputTail: 'the end, [secret]' },
    });
  });

  it('tells a deadline of its own from an end by us', () => {
    const end = [failed('DeadlineExceeded')];
    const stopped = (why: string) => job(end, { annotations: { 'healer/coderun': 'run', 'healer/stopped': why } });
    const causeOf = (view: JobView) => {
      const state = look(view, []);
      return state.state === 'exited' ? state.exit.cause : state.state;
    };
    expect(causeOf(job(end))).toBe('deadline');
    expect(causeOf(stopped('cancelled'))).toBe('cancelled');
    expect(causeOf(stopped('deadline'))).toBe('deadline');
  });

  it('keeps to the end that came first: a run that completed before its cancel is complete', () => {
    const view = job([COMPLETE], { annotations: { 'healer/coderun': 'run', 'healer/stopped': 'cancelled' } });
    expect(look(view, [ended(0)])).toMatchObject({ exit: { cause: 'completed', code: 0 } });
  });

  it('blames the platform for what it did', () => {
    const disrupted = (more: object) =>
      pod({
        phase: 'Failed',
        conditions: [
          { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message: 'preempted' },
        ],
        ...more,
      });
    const policy = job([failed('PodFailurePolicy', 'Pod has condition DisruptionTarget')]);
    expect(look(policy, [disrupted(agent({ terminated: { exitCode: 137 } }))])).toMatchObject({
      exit: { cause: 'terminated', detail: expect.stringContaining('PreemptionByScheduler') },
    });
    expect(look(policy, [])).toMatchObject({ exit: { cause: 'terminated', code: null } });
    const evicted = pod({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'The node was low on resource',
      ...agent({ terminated: { exitCode: 137 } }),
    });
    expect(look(job([failed('BackoffLimitExceeded')]), [evicted])).toMatchObject({
      exit: { cause: 'terminated', detail: expect.stringContaining('low on resource') },
    });
  });

  it('tells a container that never began from an agent that failed', () => {
    const state = look(job([failed('BackoffLimitExceeded')]), [
      ended(128, { reason: 'StartError', message: 'no such file' }),
    ]);
    expect(state).toMatchObject({ exit: { cause: 'not_started', detail: expect.stringContaining('no such file') } });
    const oom = look(job([failed('BackoffLimitExceeded')]), [ended(137, { reason: 'OOMKilled' })]);
    expect(oom).toMatchObject({ exit: { cause: 'completed', detail: expect.stringContaining('OOMKilled') } });
  });

  it('gives up on a node that does not answer, and on a Job that somebody deleted', () => {
    const leaving = pod(agent({ running: { startedAt: at(9000) } }), { deletionTimestamp: at(601) });
    expect(look(job(), [leaving])).toMatchObject({ state: 'lost', hasLeftovers: false });
    const recent = pod(agent({ running: { startedAt: at(9000) } }), { deletionTimestamp: at(10) });
    expect(look(job(), [recent])).toMatchObject({ state: 'running' });
    const deleted = job([], { deletionTimestamp: at(3) });
    expect(look(deleted, [pod(agent({ running: { startedAt: at(9) } }))])).toMatchObject({
      state: 'lost',
      hasLeftovers: true,
    });
    expect(look(deleted, [])).toMatchObject({ state: 'lost', hasLeftovers: false });
  });
});
