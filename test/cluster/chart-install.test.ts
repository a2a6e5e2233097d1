import { chownSync, copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHART, ROOT } from '../charts/documents.ts';
import { sharedRemote } from './engine-bench.ts';
import { type ReadOnlyGitHub, startReadOnlyGitHub, webhookOf } from './replicas/github.ts';
import { type Cluster, startCluster, until } from './support/cluster.ts';

const NAMESPACE = 'healer';
const TOKEN = 'token-of-the-install-test';
const IMAGE = 'ghcr.io/5dlabs/healer:0.1.0';
const PATIENCE_MS = 150_000;
/** The user that agents run as. */
const AGENT_UID = 1000;

interface Thing {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly finalizers?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string; readonly message?: string };
}

let cluster: Cluster;
let github: ReadOnlyGitHub;
let folder = '';

beforeAll(async () => {
  cluster = await startCluster();
  github = await startReadOnlyGitHub();
  const shared = await sharedRemote(cluster);
  folder = shared.folder;
  // The branch that the failure is on.
  const refs = join(shared.remote.path, 'refs/heads');
  copyFileSync(join(refs, 'main'), join(refs, 'topic-1'));
  chownSync(join(refs, 'topic-1'), AGENT_UID, AGENT_UID);
  await cluster.node.image(IMAGE, {
    entrypoint: [process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'src/main.ts')],
    workingDir: ROOT,
    // Pods share this machine's network: each listens on an address of its own.
    overrideEnv: { HOST: '$(POD_IP)' },
  });
  await cluster.api.request('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await cluster.api.request('POST', `/api/v1/namespaces/${NAMESPACE}/secrets`, {
    metadata: { name: 'healer' },
    stringData: { HEALER_API_TOKEN: TOKEN, GITHUB_TOKEN: 'token-of-github' },
  });
  // What the agents' CLI logs in with; the example names it.
  await cluster.api.request('POST', `/api/v1/namespaces/${NAMESPACE}/secrets`, {
    metadata: { name: 'healer-agents' },
    stringData: { ANTHROPIC_API_KEY: 'key-of-the-model' },
  });
  const agent = ['bash', '-c', 'echo \'{"status":"blocked","summary":"a person has to look"}\' >"$HEALER_RESULT"'];
  await cluster.helm([
    ...['install', 'healer', CHART, '--namespace', NAMESPACE, '--values', join(CHART, 'examples/embedded.yaml')],
    ...['--set', 'settings.mode=live', '--set', 'shutdown.delaySeconds=1', '--set', 'settings.maxAttempts=1'],
    ...['--set', 'settings.limits.settleSeconds=0'],
    ...['--set-json', `settings.agentCommand=${JSON.stringify(agent)}`],
    ...['--set-json', `settings.github=${JSON.stringify({ apiUrl: github.url, cloneUrl: shared.remote.url })}`],
  ]);
});
afterAll(async () => {
  await cluster?.stop();
  await github?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function list(kinds: string, selector = ''): Promise<readonly Thing[]> {
  const text = await cluster.kubectl([
    'get',
    kinds,
    '-n',
    NAMESPACE,
    '-o',
    'json',
    ...(selector === '' ? [] : ['-l', selector]),
  ]);
  return (JSON.parse(text) as { items: readonly Thing[] }).items;
}

const isServer = 'app.kubernetes.io/component=server';

it('is installed, ready, tested by helm, runs an agent of a failure that a sensor posts, and is uninstalled without a rest', {
  timeout: 600_000,
}, async () => {
  let address = '';
  await until(PATIENCE_MS, 'the service is not ready', async () => {
    const [pod] = await list('pods', isServer);
    address = `http://${pod?.status?.podIP}:8080`;
    const answer = await fetch(`${address}/ready`).catch(() => null);
    return answer?.status === 200;
  }).catch(async (error: unknown) => {
    const log = await cluster.kubectl(['logs', '-n', NAMESPACE, '-l', isServer, '--tail=40']).catch(String);
    throw new Error(`${String(error)}\n${log}\n${JSON.stringify(await list('pods'), null, 1)}`);
  });
  await cluster.kubectl(['rollout', 'status', 'deployment/healer', '-n', NAMESPACE, '--timeout=120s']);
  await cluster.helm(['test', 'healer', '--namespace', NAMESPACE, '--timeout', '120s']);

  // As the sensor posts it: the body wrapped with the headers of GitHub.
  const body = JSON.parse(webhookOf(1)) as object;
  const headers = { 'X-GitHub-Event': 'workflow_job', 'X-GitHub-Delivery': 'a-delivery' };
  const answer = await fetch(`${address}/api/remediate/ci-failure`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ body, headers }),
  });
  const accepted = (await answer.json()) as { remediation_id: string; agent: string };
  expect(answer.status, JSON.stringify(accepted)).toBe(202);
  expect(accepted.agent).toBe('rex');

  const codeRunOf = async () => (await list('coderuns'))[0];
  await until(PATIENCE_MS, 'no CodeRun ends', async () => {
    const phase = (await codeRunOf())?.status?.phase;
    return phase === 'Succeeded' || phase === 'Failed';
  }).catch(async (error: unknown) => {
    const log = await cluster.kubectl(['logs', '-n', NAMESPACE, '-l', isServer, '--tail=40']).catch(String);
    throw new Error(`${String(error)}\n${log}\n${JSON.stringify(await list('coderuns,jobs,pods'), null, 1)}`);
  });
  // Each was made once, by whom it should be.
  const account = `system:serviceaccount:${NAMESPACE}:healer`;
  const creates = await cluster.auditEvents({ namespace: NAMESPACE, verbs: ['create'], user: account });
  const made = creates
    .filter(({ responseStatus }) => responseStatus?.code === 201)
    .map(({ objectRef }) => objectRef?.resource ?? '')
    .filter((resource) => resource !== 'events' && !resource.includes('review'));
  expect(made.toSorted()).toEqual(['coderuns', 'configmaps', 'jobs', 'leases', 'persistentvolumeclaims', 'secrets']);
  // What the agent reported reached the remediation, through the Pod's termination message.
  await until(PATIENCE_MS, 'the remediation does not hear of it', async () => {
    const told = await fetch(`${address}/api/remediations/${accepted.remediation_id}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    return (await told.text()).includes('a person has to look');
  });

  // With the rights of the chart's ServiceAccount and nothing more.
  const events = await cluster.auditEvents({ user: account });
  expect(events.length).toBeGreaterThan(20);
  expect(events.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
  const makers = await cluster.auditEvents({ namespace: NAMESPACE, resource: 'coderuns', verbs: ['create'] });
  expect(makers.map(({ user }) => user.username)).toEqual([account]);

  // As docs/kubernetes.md says: CodeRuns first, then the release.
  await cluster.kubectl(['delete', 'coderuns', '--all', '-n', NAMESPACE, '--timeout=90s']);
  await cluster.helm(['uninstall', 'healer', '--namespace', NAMESPACE, '--wait', '--timeout', '120s']);
  const lease = await list('leases');
  expect(lease.map(({ metadata }) => metadata.name)).toEqual(['healer-leader']);
  // The garbage collector takes what belonged to the CodeRuns: nothing of it is held by a finalizer.
  await until(PATIENCE_MS, 'something of the CodeRuns is left', async () => {
    const left = await list('coderuns,jobs,pods,configmaps,secrets');
    return left.every(({ kind, metadata }) => kind !== 'CodeRun' && metadata.labels?.['healer/coderun'] === undefined);
  });
});
