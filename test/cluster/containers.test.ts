import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedCluster } from './support/cluster.ts';
import { createPod, eventually, getPod, podInPhase, shell } from './support/objects.ts';

const cluster = sharedCluster();
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace('containers');
});

const logs = (pod: string, ...more: string[]) => cluster.kubectl(['-n', namespace, 'logs', pod, ...more]);

async function outputOf(name: string, container: object, spec: object = {}): Promise<string> {
  await createPod(cluster, namespace, name, container, spec);
  await podInPhase(cluster, namespace, name, 'Succeeded');
  return logs(name);
}

describe('a container', () => {
  it('finds exactly the environment its Pod names', async () => {
    const settings = { metadata: { name: 'env' }, data: { FROM_MAP: 'map', NAME: 'overridden' } };
    await cluster.api.request('POST', `/api/v1/namespaces/${namespace}/configmaps`, settings);
    const container = {
      name: 'main',
      image: 'test/env',
      command: [
        'sh',
        '-c',
        'echo "$0|$NAME|$GREETING|$CM_FROM_MAP|$POD|$IP|$CPU|$PWD|$HEALER_TEST_SECRET"',
        '$(NAME) and $$(NAME)',
      ],
      workingDir: '/somewhere/new',
      env: [
        { name: 'NAME', value: 'pod' },
        { name: 'GREETING', value: 'hello $(NAME)' },
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
      ],
      envFrom: [{ prefix: 'CM_', configMapRef: { name: 'env' } }],
      resources: { limits: { cpu: '500m' } },
    };
    const said = await outputOf('env', container);
    const { status } = await getPod(cluster, namespace, 'env');
    expect(said.trim()).toBe(`pod and $(NAME)|pod|hello pod|map|env|${status?.podIP}|500|/somewhere/new|`);
  });

  it('runs as the user it is given, without more privileges', async () => {
    const securityContext = {
      runAsUser: 1000,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    };
    const line = 'id -u; grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status; cut -d" " -f4 /proc/self/stat';
    const said = await outputOf('user', shell(line, { securityContext }));
    expect(said.trim().split('\n')).toEqual(['1000', 'CapBnd:\t0000000000000000', 'NoNewPrivs:\t1', '1']);
  });

  it('is refused as root where the Pod forbids it', async () => {
    await createPod(cluster, namespace, 'root', shell('true', { securityContext: { runAsNonRoot: true } }));
    const state = await eventually(
      async () => (await getPod(cluster, namespace, 'root')).status?.containerStatuses?.[0]?.state,
      (found) => found?.waiting?.reason === 'CreateContainerConfigError',
    );
    expect(state?.waiting?.message).toContain('runAsNonRoot');
  });

  it('keeps what it writes to itself, unless the folder is shared', async () => {
    await cluster.node.share(`${cluster.home}/helm`);
    const line = `echo mine > /written-by-test; echo ours > ${cluster.home}/helm/shared; cat /written-by-test`;
    expect(await outputOf('private', shell(line))).toBe('mine\n');
    const next = `cat ${cluster.home}/helm/shared; test ! -e /written-by-test && echo clean`;
    expect(await outputOf('next', shell(next))).toBe('ours\nclean\n');
  });

  it('comes after the init containers, in their order', async () => {
    const volumeMounts = [{ name: 'work', mountPath: '/work' }];
    const init = (name: string) => ({ ...shell(`echo ${name} >> /work/order`, { volumeMounts }), name });
    const spec = { initContainers: [init('first'), init('second')], volumes: [{ name: 'work', emptyDir: {} }] };
    expect(await outputOf('after', shell('cat /work/order', { volumeMounts }), spec)).toBe('first\nsecond\n');
  });

  it('never starts when an init container fails', async () => {
    const spec = { initContainers: [{ ...shell('exit 4'), name: 'first' }] };
    await createPod(cluster, namespace, 'never', shell('true'), spec);
    const { status } = await podInPhase(cluster, namespace, 'never', 'Failed');
    expect(status?.initContainerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 4 });
    expect(status?.containerStatuses?.[0]?.state.waiting).toMatchObject({ reason: 'PodInitializing' });
  });

  it('starts again after a failure when the Pod says so, and keeps the log of its last life', async () => {
    const line = 'n=$(cat /work/n 2>/dev/null || echo 0); echo $((n+1)) > /work/n; echo life $n; test $n = 1';
    const container = shell(line, { volumeMounts: [{ name: 'work', mountPath: '/work' }] });
    const spec = { restartPolicy: 'OnFailure', volumes: [{ name: 'work', emptyDir: {} }] };
    expect(await outputOf('again', container, spec)).toBe('life 1\n');
    expect(await logs('again', '--previous')).toBe('life 0\n');
    expect((await getPod(cluster, namespace, 'again')).status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
    });
  });

  it('is ready when its probe says so, and gets time for its last words', async () => {
    const container = shell('trap "echo bye; exit 0" TERM; sleep 0.3; touch /tmp/up; while :; do sleep 0.1; done', {
      readinessProbe: { exec: { command: ['test', '-e', '/tmp/up'] }, periodSeconds: 1 },
      lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo leaving > /proc/1/fd/1'] } } },
    });
    await createPod(cluster, namespace, 'probed', container, {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 20,
    });
    await cluster.kubectl(['-n', namespace, 'wait', '--for=condition=Ready', '--timeout=60s', 'pod/probed']);
    const following = logs('probed', '--follow');
    await cluster.kubectl(['-n', namespace, 'delete', 'pod', 'probed', '--wait=false']);
    expect(await following).toBe('leaving\nbye\n');
  });

  it('is started again when its liveness probe fails', async () => {
    const container = shell('touch /tmp/well; sleep 0.2; rm /tmp/well; sleep 600', {
      livenessProbe: { exec: { command: ['test', '-e', '/tmp/well'] }, periodSeconds: 1, failureThreshold: 1 },
    });
    await createPod(cluster, namespace, 'ill', container, {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 1,
    });
    const [status] = await eventually(
      async () => (await getPod(cluster, namespace, 'ill')).status?.containerStatuses ?? [],
      ([found]) => (found?.restartCount ?? 0) > 0,
    );
    expect(status?.lastState.terminated?.exitCode).toBe(137);
    await cluster.kubectl(['-n', namespace, 'delete', 'pod', 'ill', '--wait=false']);
  });

  it('has sidecars that start before it and end after it', async () => {
    const volumeMounts = [{ name: 'work', mountPath: '/work' }];
    const line =
      'trap "echo sidecar ends >> /work/log; exit 0" TERM; echo sidecar starts >> /work/log; touch /work/up; while :; do sleep 0.1; done';
    const sidecar = {
      ...shell(line, { volumeMounts }),
      name: 'sidecar',
      restartPolicy: 'Always',
      startupProbe: { exec: { command: ['test', '-e', '/work/up'] }, periodSeconds: 1 },
    };
    const spec = { initContainers: [sidecar], volumes: [{ name: 'work', hostPath: { path: `${cluster.home}/helm` } }] };
    await createPod(cluster, namespace, 'accompanied', shell('echo main >> /work/log', { volumeMounts }), spec);
    await podInPhase(cluster, namespace, 'accompanied', 'Succeeded');
    expect(readFileSync(`${cluster.home}/helm/log`, 'utf8')).toBe('sidecar starts\nmain\nsidecar ends\n');
  });

  it('shows the part of its log that is asked for', async () => {
    await outputOf('talker', shell('for i in 1 2 3 4 5; do echo line $i; done; printf unfinished'));
    expect(await logs('talker', '--tail=2')).toBe('line 5\nunfinished');
    expect(await logs('talker', '--limit-bytes=8')).toBe('line 1\nl');
    expect((await logs('talker', '--timestamps')).split('\n')[0]).toMatch(/^\d{4}-\d\d-\d\dT\S+Z line 1$/);
  });

  it('has what its image is told to contain', async () => {
    await cluster.node.image('test/program', {
      entrypoint: ['sh', '-c', 'echo "$GREETING $0 on $HOST"'],
      cmd: ['world'],
      env: { GREETING: 'hello' },
      overrideEnv: { HOST: '$(POD_IP)' },
    });
    const env = [{ name: 'HOST', value: '0.0.0.0' }];
    const said = await outputOf('image', { name: 'main', image: 'test/program:v1', env });
    expect(said).toMatch(/^hello world on \d+\.\d+\.\d+\.\d+\n$/);
    await createPod(cluster, namespace, 'empty', { name: 'main', image: 'test/empty' });
    await eventually(
      async () => (await getPod(cluster, namespace, 'empty')).status?.containerStatuses?.[0]?.state.waiting,
      (waiting) => waiting?.reason === 'CreateContainerError',
    );
  });
});
