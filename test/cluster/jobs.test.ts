import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedCluster } from './support/cluster.ts';
import {
  createJob,
  createPod,
  eventually,
  finishedJob,
  getPod,
  podInPhase,
  podsOfJob,
  shell,
} from './support/objects.ts';

/** Jobs of the real Job controller, whose Pods the stand-in node runs as processes. */

const cluster = sharedCluster();
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace('jobs');
});

const terminated = async (pod: string) =>
  (await getPod(cluster, namespace, pod)).status?.containerStatuses?.[0]?.state.terminated;
const waitingIn = (pod: string) =>
  getPod(cluster, namespace, pod).then((found) => found.status?.containerStatuses?.[0]?.state.waiting);

describe('a Job', () => {
  it('runs a process, keeps its termination message and shows its log', async () => {
    const line = 'echo out; echo err >&2; printf all-good >/dev/termination-log';
    await createJob(cluster.api, namespace, 'good', shell(line));
    const job = await finishedJob(cluster, namespace, 'good', 'Complete');
    expect(job.status).toMatchObject({ succeeded: 1 });
    const [pod] = await podsOfJob(cluster, namespace, 'good');
    expect(pod?.status).toMatchObject({ phase: 'Succeeded' });
    const state = await terminated(pod?.metadata.name ?? '');
    expect(state).toMatchObject({ exitCode: 0, reason: 'Completed', message: 'all-good' });
    const log = await cluster.kubectl(['-n', namespace, 'logs', 'job/good']);
    expect(log.trim().split('\n').toSorted()).toEqual(['err', 'out']);
  });

  it('fails with its process, and the end of the log stands in for a missing message', async () => {
    const container = shell('echo the disk is full; exit 7', { terminationMessagePolicy: 'FallbackToLogsOnError' });
    await createJob(cluster.api, namespace, 'bad', container);
    const job = await finishedJob(cluster, namespace, 'bad', 'Failed');
    expect(job.status?.conditions).toContainEqual(expect.objectContaining({ reason: 'BackoffLimitExceeded' }));
    const [pod] = await podsOfJob(cluster, namespace, 'bad');
    const state = await terminated(pod?.metadata.name ?? '');
    expect(state).toMatchObject({ exitCode: 7, reason: 'Error', message: 'the disk is full\n' });
  });

  it('is ended at its deadline, and so is its process', async () => {
    const container = shell('trap "echo asked to end; exit 0" TERM; while :; do sleep 0.1; done');
    await createJob(cluster.api, namespace, 'late', container, { job: { activeDeadlineSeconds: 2 } });
    const job = await finishedJob(cluster, namespace, 'late', 'Failed');
    expect(job.status?.conditions).toContainEqual(expect.objectContaining({ reason: 'DeadlineExceeded' }));
    await eventually(
      () => cluster.node.running(),
      (running) => !running.some(({ pod }) => pod.startsWith('late-')),
    );
  });

  it('is not counted as failed when its policy ignores disruptions', async () => {
    const podFailurePolicy = {
      rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
    };
    await createJob(
      cluster.api,
      namespace,
      'moved',
      shell('[ -e /work/second ] || { touch /work/second; sleep 60; }', {
        volumeMounts: [{ name: 'work', mountPath: '/work' }],
      }),
      {
        job: { podFailurePolicy },
        pod: { volumes: [{ name: 'work', hostPath: { path: `${cluster.home}/volumes` } }] },
      },
    );
    const running = await eventually(
      () => podsOfJob(cluster, namespace, 'moved'),
      ([pod]) => pod?.status?.phase === 'Running' && existsSync(`${cluster.home}/volumes/second`),
    );
    await cluster.node.fail(namespace, running[0]?.metadata.name ?? '', 'evicted');
    const job = await finishedJob(cluster, namespace, 'moved', 'Complete');
    expect(job.status?.failed ?? 0).toBe(0);
  });

  it('disappears when its time to live is over', async () => {
    await createJob(cluster.api, namespace, 'brief', shell('true'), { job: { ttlSecondsAfterFinished: 1 } });
    await eventually(
      () => cluster.kubectl(['-n', namespace, 'get', 'jobs,pods', '-o', 'name']),
      (names) => !names.includes('brief'),
    );
  });
});

describe('a Pod', () => {
  it('says that its image cannot be pulled, and starts when it can', async () => {
    const order = await cluster.node.tell({ namespace, name: 'pulls' }, { kind: 'waiting', reason: 'ErrImagePull' });
    await createPod(cluster, namespace, 'pulls', shell('true'));
    const waiting = await eventually(
      () => waitingIn('pulls'),
      (state) => state?.reason === 'ImagePullBackOff',
    );
    expect(waiting?.message).toContain('test/shell');
    await cluster.node.forget(order);
    await podInPhase(cluster, namespace, 'pulls', 'Succeeded');
  });

  it('says which Secret its environment lacks, and starts when it is there', async () => {
    const env = [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'needed', key: 'token' } } }];
    await createPod(cluster, namespace, 'lacks', shell('test "$TOKEN" = abc', { env }));
    const waiting = await eventually(
      () => waitingIn('lacks'),
      (state) => state?.reason === 'CreateContainerConfigError',
    );
    expect(waiting?.message).toBe('secret "needed" not found');
    await cluster.kubectl(['-n', namespace, 'create', 'secret', 'generic', 'needed', '--from-literal=token=abc']);
    await podInPhase(cluster, namespace, 'lacks', 'Succeeded');
  });

  it('stays unscheduled while the node is full for it', async () => {
    const order = await cluster.node.tell({ namespace, name: 'large' }, { kind: 'unschedulable', message: 'no room' });
    await createPod(cluster, namespace, 'large', shell('true'));
    const conditions = await eventually(
      async () => (await getPod(cluster, namespace, 'large')).status?.conditions ?? [],
      (all) => all.some(({ type, status }) => type === 'PodScheduled' && status === 'False'),
    );
    expect(conditions).toContainEqual(expect.objectContaining({ reason: 'Unschedulable', message: 'no room' }));
    await cluster.node.forget(order);
    await podInPhase(cluster, namespace, 'large', 'Succeeded');
  });

  it('is asked to end when it is deleted, and killed when it does not', async () => {
    const line = 'trap "" TERM; echo started; while :; do sleep 0.1; done';
    const spec = { terminationGracePeriodSeconds: 1 };
    await createPod(cluster, namespace, 'stubborn', shell(line), spec);
    await eventually(
      () => cluster.kubectl(['-n', namespace, 'logs', 'stubborn']),
      (log) => log.includes('started'),
    );
    const [running] = (await cluster.node.running()).filter(({ pod }) => pod === 'stubborn');
    expect(running?.pid).toBeGreaterThan(1);
    await cluster.kubectl(['-n', namespace, 'delete', 'pod', 'stubborn', '--wait=true']);
    expect(() => process.kill(running?.pid ?? 0, 0)).toThrow('ESRCH');
  });

  it('is reported as out of memory, lost with its node, or preempted', async () => {
    for (const name of ['hungry', 'lost', 'displaced']) {
      await createPod(cluster, namespace, name, shell('sleep 60'));
      await podInPhase(cluster, namespace, name, 'Running');
    }
    await cluster.node.fail(namespace, 'hungry', 'oom-killed');
    await podInPhase(cluster, namespace, 'hungry', 'Failed');
    expect(await terminated('hungry')).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
    for (const [name, how] of [
      ['lost', 'node-lost'],
      ['displaced', 'preempted'],
    ] as const) {
      await cluster.node.fail(namespace, name, how);
      await eventually(
        () => cluster.kubectl(['-n', namespace, 'get', 'pods', '-o', 'name']),
        (pods) => !pods.includes(name),
      );
    }
  });

  it('may be pretended, for exits that no process makes', async () => {
    await cluster.node.tell(
      { namespace, name: 'acted' },
      { kind: 'pretend', exitCode: 3, log: 'said\n', message: 'm' },
    );
    await createPod(cluster, namespace, 'acted', { name: 'main', image: 'test/none' });
    await podInPhase(cluster, namespace, 'acted', 'Failed');
    expect(await terminated('acted')).toMatchObject({ exitCode: 3, message: 'm' });
    expect(await cluster.kubectl(['-n', namespace, 'logs', 'acted'])).toBe('said\n');
  });
});
