import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHART } from '../charts/documents.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';
import { type RunningService, startService, temporaryFolder } from '../support/service.ts';
import { FIRST_RUN, type ReadOnlyGitHub, startReadOnlyGitHub, webhookOf } from './replicas/github.ts';
import { type Cluster, startCluster, until } from './support/cluster.ts';

const RUNS = 1_000;
const REPLICAS = 3;
const CONNECTIONS = 64;
const TOKEN = 'token-of-the-replica-test';
const NAMESPACE = 'healer';
const PATIENCE_MS = 240_000;

interface Answer {
  readonly status: number;
  readonly remediation_id?: string;
}

/** What GitHub calls the delivery; the same each time it is sent. */
const deliveryId = (run: number): string => createHash('sha256').update(`run ${run}`).digest('hex').slice(0, 32);

async function send(url: string, run: number): Promise<Answer> {
  const response = await fetch(`${url}/api/remediate/ci-failure`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${TOKEN}`,
      'x-github-event': 'workflow_job',
      'x-github-delivery': deliveryId(run),
    },
    body: webhookOf(run),
  });
  return { ...((await response.json()) as object), status: response.status };
}

/** Every run once over so many connections, as a sensor would: what is not taken is kept and sent again, maybe elsewhere. */
async function sendAll(
  urls: () => readonly string[],
  first: number,
  take: (run: number, answer: Answer) => void,
): Promise<void> {
  const queue = Array.from({ length: RUNS }, (_, index) => index + 1);
  let tries = 0;
  const connection = async (): Promise<void> => {
    for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
      const known = urls();
      const url = known[(first + tries) % known.length] ?? '';
      const answer = await send(url, run).catch(() => null);
      if (answer !== null && answer.status < 429) {
        take(run, answer);
        continue;
      }
      tries += 1;
      queue.push(run);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
}

describeOnPostgres('three replicas on one PostgreSQL and one cluster', () => {
  const folder = temporaryFolder();
  const replicas: RunningService[] = [];
  let cluster: Cluster;
  let github: ReadOnlyGitHub;

  beforeAll(async () => {
    // Agents are not what this is about: Jobs are made, and nobody runs them.
    cluster = await startCluster({ withNode: false, withControllerManager: false });
    github = await startReadOnlyGitHub();
    await cluster.helm([
      ...['install', 'healer', CHART, '--namespace', NAMESPACE, '--create-namespace', '--values'],
      ...[join(CHART, 'examples/production.yaml'), '--set', 'metrics.serviceMonitor.enabled=false'],
      ...['--set', 'metrics.prometheusRule.enabled=false'],
    ]);
    const token = await cluster.tokenFor(NAMESPACE, 'healer');
    const env = {
      DATABASE_URL: await freshDatabase(),
      HEALER_ENGINE: 'kubernetes',
      HEALER_NAMESPACE: NAMESPACE,
      HEALER_KUBERNETES_IMAGE: 'agents:1',
      KUBECONFIG: cluster.kubeconfigFor(token, NAMESPACE),
      HEALER_API_TOKEN: TOKEN,
      GITHUB_API_URL: github.url,
      GITHUB_TOKEN: 'token-of-github',
      HEALER_MAX_CONCURRENT_CODE_RUNS: String(2 * RUNS),
      HEALER_LIMITS_SETTLE_SECONDS: '0',
    };
    const folders = Array.from({ length: REPLICAS }, (_, index) => join(folder.path, String(index)));
    replicas.push(...(await Promise.all(folders.map((dir) => startService({ ...env, HEALER_DATA_DIR: dir })))));
  });

  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await github?.close();
    await cluster?.stop();
    folder.remove();
  });

  it('make one remediation and one CodeRun of each run, delivered three times over 64 connections each, while one of them stops', {
    timeout: 600_000,
  }, async () => {
    const answers = new Map<number, Answer[]>();
    const going = [...replicas];
    let taken = 0;
    let stopped: Promise<number | null> | null = null;
    const take = (run: number, answer: Answer): void => {
      answers.set(run, [...(answers.get(run) ?? []), answer]);
      taken += 1;
      // In the middle of it one goes, as in a rolling update.
      if (taken < RUNS || stopped !== null) return;
      stopped = (going.pop() as RunningService).stop();
    };
    const urls = () => going.map(({ url }) => url);
    await Promise.all(Array.from({ length: REPLICAS }, (_, index) => sendAll(urls, index, take)));
    expect(await stopped, 'a replica that is asked to stop drains and ends well').toBe(0);

    // Every delivery was acknowledged, with the same remediation each time.
    expect(answers.size).toBe(RUNS);
    const wrong = [...answers.values()].flat().filter(({ status }) => status !== 202);
    expect(wrong).toEqual([]);
    const ids = [...answers.values()].map((three) => new Set(three.map(({ remediation_id: id }) => id)));
    expect(ids.every((set) => set.size === 1)).toBe(true);
    expect(new Set(ids.flatMap((set) => [...set])).size).toBe(RUNS);

    const path = `/apis/agents.platform/v1/namespaces/${NAMESPACE}/coderuns`;
    const list = async () => {
      const { items } = await cluster.api.request<{ items: { metadata: { labels: Record<string, string> } }[] }>(
        'GET',
        path,
      );
      return items;
    };
    await until(PATIENCE_MS, 'not every run gets its CodeRun', async () => (await list()).length >= RUNS);
    // Whatever else would be made of the same run is made by now.
    await until(PATIENCE_MS, 'work does not come to an end', async () => (await pending(going)) === 0);
    const runs = (await list()).map(({ metadata }) => metadata.labels['healer/workflow-run-id']);
    expect(runs.length).toBe(RUNS);
    expect(new Set(runs)).toEqual(new Set(Array.from({ length: RUNS }, (_, index) => String(FIRST_RUN + index + 1))));
    // Not even tried twice under another name and taken back.
    const events = await cluster.auditEvents({
      namespace: NAMESPACE,
      resource: 'coderuns',
      verbs: ['create', 'delete'],
    });
    expect(events.filter(({ responseStatus }) => responseStatus?.code === 201).length).toBe(RUNS);
    expect(events.filter(({ verb }) => verb === 'delete').length).toBe(0);
    expect(events.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
    expect([...github.unknown.keys()].filter((shape) => !shape.includes('healer.yaml'))).toEqual([]);
  });

  it('lead one at a time', async () => {
    await until(PATIENCE_MS, 'nobody leads', async () => {
      // One of them may have been stopped by now, and says nothing.
      const said = await Promise.all(replicas.map(({ url }) => metric(url, 'healer_leader').catch(() => 0)));
      const leaders = said.filter((value) => value === 1).length;
      expect(leaders).toBeLessThanOrEqual(1);
      return leaders === 1;
    });
  });
});

/** Remediations that have not come to their CodeRun yet. */
async function pending(replicas: readonly RunningService[]): Promise<number> {
  const url = replicas[0]?.url ?? '';
  const counts = await Promise.all(
    ['received', 'gathering'].map((phase) => metric(url, 'healer_remediations_live', `{phase="${phase}"}`)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function metric(url: string, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}${labels} `));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}
