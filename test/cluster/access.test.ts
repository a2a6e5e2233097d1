import { beforeAll, describe, expect, it } from 'vitest';
import { type Api, sharedCluster } from './support/cluster.ts';
import { createPod, eventually, podInPhase, shell } from './support/objects.ts';

const cluster = sharedCluster();
let namespace = '';
let reader: Api;
const user = () => `system:serviceaccount:${namespace}:reader`;

beforeAll(async () => {
  namespace = await cluster.namespace('access');
  const as = ['-n', namespace, 'create'];
  await cluster.kubectl([...as, 'serviceaccount', 'reader']);
  await cluster.kubectl([...as, 'role', 'reader', '--verb=get,list', '--resource=configmaps']);
  await cluster.kubectl([...as, 'rolebinding', 'reader', '--role=reader', `--serviceaccount=${namespace}:reader`]);
  reader = cluster.apiAs(await cluster.tokenFor(namespace, 'reader'));
});

describe('a ServiceAccount', () => {
  it('may do what its Role says and nothing else', async () => {
    const path = `/api/v1/namespaces/${namespace}`;
    await eventually(
      () => reader.request('GET', `${path}/configmaps`),
      () => true,
    );
    await expect(reader.request('GET', `${path}/secrets`)).rejects.toMatchObject({ status: 403, reason: 'Forbidden' });
    const body = { metadata: { name: 'mine' } };
    await expect(reader.request('POST', `${path}/configmaps`, body)).rejects.toMatchObject({ status: 403 });
  });

  it('is what a Pod speaks as, with the token its kubelet gives it', async () => {
    const line = [
      'cd /var/run/secrets/kubernetes.io/serviceaccount',
      'url=https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/api/v1/namespaces/$(cat namespace)',
      `NODE_EXTRA_CA_CERTS=$PWD/ca.crt TOKEN=$(cat token) URL=$url '${process.execPath}' -e '
        for (const what of ["configmaps", "secrets"]) {
          fetch(process.env.URL + "/" + what, { headers: { authorization: "Bearer " + process.env.TOKEN } })
            .then((answer) => console.log(what, answer.status));
        }'`,
    ].join('\n');
    await createPod(cluster, namespace, 'speaker', shell(line), { serviceAccountName: 'reader' });
    await podInPhase(cluster, namespace, 'speaker', 'Succeeded');
    const log = await cluster.kubectl(['-n', namespace, 'logs', 'speaker']);
    expect(log.trim().split('\n').toSorted()).toEqual(['configmaps 200', 'secrets 403']);
  });

  it('has a kubeconfig of its own for programs', async () => {
    const file = cluster.kubeconfigFor(await cluster.tokenFor(namespace, 'reader'), namespace);
    expect(await cluster.kubectl(['--kubeconfig', file, 'auth', 'whoami'])).toContain(user());
    await expect(cluster.kubectl(['--kubeconfig', file, 'get', 'secrets'])).rejects.toThrow('Forbidden');
  });
});

describe('the audit log', () => {
  it('has every request with who made it and how it was answered', async () => {
    const since = await cluster.auditMark();
    const maps = `/api/v1/namespaces/${namespace}/configmaps`;
    for (const name of ['one', 'two', 'three']) await cluster.api.request('POST', maps, { metadata: { name } });
    await cluster.api.request('PATCH', `${maps}/one`, { data: { a: 'b' } });
    await cluster.api.request('GET', `${maps}/one`);
    await reader.request('DELETE', `${maps}/two`).catch(() => undefined);
    const writes = await cluster.auditEvents({ since, namespace, resource: 'configmaps', writes: true });
    const told = writes.map(({ verb, objectRef, user: who, responseStatus }) =>
      [who.username, verb, objectRef?.name, responseStatus?.code].join(' '),
    );
    expect(told).toEqual([
      'admin create one 201',
      'admin create two 201',
      'admin create three 201',
      'admin patch one 200',
      `${user()} delete two 403`,
    ]);
    expect(await cluster.auditEvents({ since, user: 'admin', verbs: ['get'], resource: 'configmaps' })).toHaveLength(1);
  });

  it('counts an unchanged world as no writes', async () => {
    const since = await cluster.auditMark();
    for (let round = 0; round < 10; round += 1)
      await reader.request('GET', `/api/v1/namespaces/${namespace}/configmaps`);
    expect(await cluster.auditEvents({ since, user: user(), writes: true })).toEqual([]);
    expect(await cluster.auditEvents({ since, user: user() })).toHaveLength(10);
  });
});
