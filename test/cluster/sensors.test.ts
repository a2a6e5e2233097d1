import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { EVENT_ID, eventData, gjson } from '../sensors/support/argo.ts';
import { SENSORS, SENSORS_DIR } from '../sensors/support/manifests.ts';
import { GITHUB_REQUESTS } from '../sensors/support/requests.ts';
import { type Api, type Cluster, startCluster, until } from './support/cluster.ts';
import { readCluster } from './support/control-plane/layout.ts';

/** The module that the sensors are held against names the version of Argo Events. */
const GO_DIR = join(import.meta.dirname, '../sensors/go');
const PATIENCE_MS = 120_000;
/** Folders that are applied by themselves, in the order in which somebody would; with the namespace of its objects. */
const FOLDERS = [
  ['eventbus', 'argo-events'],
  ['.', 'argo-events'],
  ['alerts', 'argo-events'],
  ['examples/existing-eventsource', 'argo-events'],
  ['examples/overlay', 'events'],
] as const;

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: object;
}

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ withNode: false });
  await cluster.kubectl(['apply', '--kustomize', definitionsFolder()]);
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  for (const name of ['argo-events', 'events']) {
    await cluster.api.request('POST', '/api/v1/namespaces', { metadata: { name } });
  }
});
afterAll(async () => {
  await cluster?.stop();
});

/** Argo Events' own definitions, as its Go module brings them. */
function definitionsFolder(): string {
  const args = ['mod', 'download', '-json', 'github.com/argoproj/argo-events'];
  try {
    const told = execFileSync('go', args, { cwd: GO_DIR, encoding: 'utf8' });
    return join((JSON.parse(told) as { Dir: string }).Dir, 'manifests/base/crds');
  } catch (cause) {
    throw new Error(
      'Argo Events cannot be had: install Go 1.26 or newer (https://go.dev/dl), with access to its proxy.',
      {
        cause,
      },
    );
  }
}

const folder = (name: string): string => join(SENSORS_DIR, name);

async function built(name: string): Promise<readonly Manifest[]> {
  const text = await cluster.kubectl(['kustomize', folder(name)]);
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

function apply(name: string, more: readonly string[] = []): Promise<string> {
  return cluster.kubectl(['apply', '--kustomize', folder(name), '--validate=strict', ...more]);
}

async function stored({ apiVersion, kind, metadata }: Manifest): Promise<Manifest> {
  const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
  const type = group === '' ? kind : `${kind}.${group}`;
  const text = await cluster.kubectl(['get', type, metadata.name, '-n', metadata.namespace, '-o', 'json']);
  return JSON.parse(text) as Manifest;
}

describe('the manifests for Argo Events on an API server with its definitions', () => {
  it.each(FOLDERS)(
    'are taken by `kubectl apply -k sensors/%s`, and kept as they are written',
    async (name, namespace) => {
      const objects = await built(name);
      expect(objects.length).toBeGreaterThan(0);
      expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set([namespace]));
      const dry = await apply(name, ['--dry-run=server']);
      expect(dry.trim().split('\n')).toHaveLength(objects.length);
      await apply(name);
      // Nothing of it was dropped in silence.
      for (const object of objects.filter(({ apiVersion }) => apiVersion.startsWith('argoproj.io/'))) {
        expect((await stored(object)).spec, `${object.kind} ${object.metadata.name}`).toEqual(object.spec);
      }
      const again = (await apply(name)).trim().split('\n');
      expect(again.filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
      expect(again).toHaveLength(objects.length);
    },
  );

  it('would be refused with a field that nobody knows', async () => {
    const [object] = (await built('.')).filter(({ kind }) => kind === 'Sensor');
    const wrong = JSON.stringify({ ...object, sepc: {} });
    await expect(cluster.kubectl(['create', '--dry-run=server', '-f', '-'], wrong)).rejects.toThrow('unknown field');
  });
});

describe('dead letters on an API server', () => {
  let sensors: Api;
  const secrets = '/api/v1/namespaces/argo-events/secrets';
  const request = GITHUB_REQUESTS.find(({ headers }) => headers['X-GitHub-Event'] === 'workflow_job');
  const sensor = SENSORS.find(({ metadata }) => metadata.name === 'healer-ci-failure');

  beforeAll(async () => {
    await apply('dead-letters');
    sensors = cluster.apiAs(await cluster.tokenFor('argo-events', 'healer-sensor'));
  });

  /** What the trigger for dead letters makes of an event. */
  function letter(): {
    readonly metadata: { readonly name: string };
    readonly stringData: { readonly delivery: string };
  } {
    if (request === undefined || sensor === undefined) throw new Error('The examples have no workflow_job.');
    const { source, parameters } = sensor.spec.triggers[0].dlqTrigger.template.k8s;
    const delivery = parameters.find(({ dest }) => dest === 'stringData.delivery')?.src.dataKey ?? '';
    const { resource } = source;
    return {
      ...resource,
      metadata: { ...resource.metadata, name: `${resource.metadata.name}${EVENT_ID}` },
      stringData: { delivery: JSON.stringify(gjson(eventData(request), delivery)) },
    };
  }

  it('are written by the sensors, who may do nothing else, and sent again by the script that is beside them', async () => {
    const written = letter();
    await until(PATIENCE_MS, 'the Role is not in effect', async () =>
      sensors.request('POST', secrets, written, { query: { dryRun: 'All' } }).then(
        () => true,
        () => false,
      ),
    );
    await sensors.request('POST', secrets, written);
    for (const [verb, path] of [
      ['GET', secrets],
      ['GET', `${secrets}/${written.metadata.name}`],
      ['DELETE', `${secrets}/${written.metadata.name}`],
      ['GET', '/api/v1/namespaces/argo-events/pods'],
    ] as const) {
      await expect(sensors.request(verb, path), `${verb} ${path}`).rejects.toMatchObject({ status: 403 });
    }
    // Nobody takes it, and it stays; then Healer does, and it goes.
    const posted: string[] = [];
    let status = 503;
    const healer = createServer((asked, answer) => {
      let body = '';
      asked.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      asked.on('end', () => {
        posted.push(`${asked.headers.authorization} ${asked.url} ${body}`);
        answer.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => healer.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(healer.address() as AddressInfo).port}`;
      expect(await resend(url)).toBe(1);
      expect(await cluster.kubectl(['get', 'secret', '-n', 'argo-events', '-o', 'name'])).toContain(EVENT_ID);
      status = 202;
      expect(await resend(url)).toBe(0);
    } finally {
      await new Promise((resolve) => healer.close(resolve));
    }
    const post = `Bearer the-token /api/remediate/ci-failure ${written.stringData.delivery}`;
    expect(posted).toEqual([post, post]);
    expect(await cluster.kubectl(['get', 'secret', '-n', 'argo-events', '-o', 'name'])).not.toContain(EVENT_ID);
  });

  /** Runs the script with the cluster's own kubectl; gives its exit code. */
  function resend(url: string): Promise<number> {
    const home = mkdtempSync(join(tmpdir(), 'healer-resend-'));
    const bin = join(home, 'bin');
    mkdirSync(bin);
    symlinkSync(readCluster(cluster.home).programs.kubectl, join(bin, 'kubectl'));
    const env = {
      ...process.env,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      KUBECONFIG: cluster.kubeconfig,
      HEALER_URL: url,
      HEALER_API_TOKEN: 'the-token',
    };
    return new Promise<number>((resolve) => {
      execFile('bash', [join(SENSORS_DIR, 'dead-letters/resend.sh')], { env }, (error) =>
        resolve(error === null ? 0 : Number(error.code)),
      );
    }).finally(() => rmSync(home, { recursive: true, force: true, maxRetries: 10 }));
  }
});
