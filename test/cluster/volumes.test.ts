import { beforeAll, describe, expect, it } from 'vitest';
import { sharedCluster } from './support/cluster.ts';
import { createPod, eventually, podInPhase, shell } from './support/objects.ts';

const cluster = sharedCluster();
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace('volumes');
});

const logs = (pod: string) => cluster.kubectl(['-n', namespace, 'logs', pod]);

/** What the Pod wrote, once it has ended well. */
async function outputOf(name: string, container: object, spec: object = {}): Promise<string> {
  await createPod(cluster, namespace, name, container, spec);
  await podInPhase(cluster, namespace, name, 'Succeeded');
  return logs(name);
}

async function secret(name: string, data: Readonly<Record<string, string>>): Promise<void> {
  await cluster.api.request('POST', `/api/v1/namespaces/${namespace}/secrets`, {
    metadata: { name },
    stringData: data,
  });
}

describe('volumes', () => {
  it('keep what a Pod wrote to a claim for the next one, under the group of fsGroup', async () => {
    const claim = {
      metadata: { name: 'workspace' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    await cluster.api.request('POST', `/api/v1/namespaces/${namespace}/persistentvolumeclaims`, claim);
    const spec = {
      securityContext: { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true, fsGroup: 2000 },
      volumes: [{ name: 'work', persistentVolumeClaim: { claimName: 'workspace' } }],
    };
    const mounts = { volumeMounts: [{ name: 'work', mountPath: '/workspace' }] };
    await outputOf('writer', shell('echo kept > /workspace/file', mounts), spec);
    const said = await outputOf(
      'reader',
      shell('cat /workspace/file; stat -c "%u %g" /workspace/file; id -u', mounts),
      spec,
    );
    expect(said.trim().split('\n')).toEqual(['kept', '1000 2000', '1000']);
  });

  it('carry Secrets, ConfigMaps, the downward API and a token of the ServiceAccount', async () => {
    await secret('mixed', { token: 't0' });
    const settings = { metadata: { name: 'settings' }, data: { 'a.sh': 'echo from-config', other: 'x' } };
    await cluster.api.request('POST', `/api/v1/namespaces/${namespace}/configmaps`, settings);
    const projected = {
      defaultMode: 0o440,
      sources: [
        { secret: { name: 'mixed' } },
        { configMap: { name: 'settings', items: [{ key: 'a.sh', path: 'bin/run.sh', mode: 0o555 }] } },
        { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
        { serviceAccountToken: { path: 'sa', audience: 'healer', expirationSeconds: 600 } },
      ],
    };
    const line =
      'cd /all; cat token name; echo; sh bin/run.sh; stat -L -c %a bin/run.sh token; cut -d. -f2 sa | head -c 4';
    const volumeMounts = [{ name: 'all', mountPath: '/all' }];
    const said = await outputOf('mixed', shell(line, { volumeMounts }), { volumes: [{ name: 'all', projected }] });
    expect(said.trim().split('\n')).toEqual(['t0mixed', 'from-config', '555', '440', 'eyJh']);
  });

  it('follow a Secret that changes, except where a single file of it is mounted', async () => {
    await secret('turning', { token: 'first' });
    const volumeMounts = [
      { name: 'secret', mountPath: '/whole' },
      { name: 'secret', mountPath: '/single', subPath: 'token' },
    ];
    const line =
      'cat /whole/token; echo; until [ "$(cat /whole/token)" = second ]; do sleep 0.1; done; cat /whole/token /single';
    const volumes = [{ name: 'secret', secret: { secretName: 'turning' } }];
    await createPod(cluster, namespace, 'follower', shell(line, { volumeMounts }), { volumes });
    await eventually(
      () => logs('follower'),
      (log) => log === 'first\n',
    );
    const path = `/api/v1/namespaces/${namespace}/secrets/turning`;
    await cluster.api.request('PATCH', path, { stringData: { token: 'second' } });
    await podInPhase(cluster, namespace, 'follower', 'Succeeded');
    expect(await logs('follower')).toBe('first\nsecondfirst');
  });

  it('leave a Pod waiting while what they are made of is missing', async () => {
    const volumes = [{ name: 'secret', secret: { secretName: 'later' } }];
    await createPod(cluster, namespace, 'patient', shell('true'), { volumes });
    const events = () => cluster.kubectl(['-n', namespace, 'get', 'events', '-o', 'jsonpath={.items[*].message}']);
    await eventually(events, (text) =>
      text.includes('MountVolume.SetUp failed for volume "secret" : secret "later" not found'),
    );
    await secret('later', { a: 'b' });
    await podInPhase(cluster, namespace, 'patient', 'Succeeded');
  });

  it('are read only where the Pod says so, as is the root', async () => {
    const container = shell(
      'for f in /data/a /anywhere /scratch/a; do if ( : > $f ) 2>/dev/null; then echo yes $f; else echo no $f; fi; done',
      {
        securityContext: { readOnlyRootFilesystem: true },
        volumeMounts: [
          { name: 'data', mountPath: '/data', readOnly: true },
          { name: 'scratch', mountPath: '/scratch' },
        ],
      },
    );
    const said = await outputOf('careful', container, {
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'scratch', emptyDir: {} },
      ],
    });
    expect(said.trim().split('\n')).toEqual(['no /data/a', 'no /anywhere', 'yes /scratch/a']);
  });

  it('are removed with their claim', async () => {
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    await cluster.api.request('POST', claims, { metadata: { name: 'brief' }, spec });
    const claim = await eventually(
      () => cluster.api.request<{ spec: { volumeName?: string }; status: { phase: string } }>('GET', `${claims}/brief`),
      ({ status }) => status.phase === 'Bound',
    );
    await cluster.api.request('DELETE', `${claims}/brief`);
    const volumes = () => cluster.kubectl(['get', 'persistentvolumes', '-o', 'name']);
    await eventually(volumes, (names) => !names.includes(claim.spec.volumeName ?? '?'));
  });
});
