import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { CHART } from '../charts/documents.ts';
import { operatorDefinitions } from '../charts/operator-definitions.ts';
import { sharedCluster } from './support/cluster.ts';

const GOLDEN = resolve(import.meta.dirname, '../charts/golden');
const examples = readdirSync(join(CHART, 'examples')).toSorted();
const cluster = sharedCluster();

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

async function render(namespace: string, ...more: readonly string[]): Promise<readonly Manifest[]> {
  const text = await cluster.helm([
    'template',
    'healer',
    CHART,
    '--namespace',
    namespace,
    '--kube-version',
    '1.37.1',
    ...more,
  ]);
  return parseAllDocuments(text).flatMap((document) => {
    const manifest = document.toJS() as Manifest | null;
    return manifest === null ? [] : [manifest];
  });
}

/** The one value without a default. */
const IMAGE = ['--set', 'settings.kubernetes.image=agents:1'];
const withExample = (name: string) => ['-f', join(CHART, 'examples', name)];

/** What changes with other parts of the program has goldens of its own there. */
const isElsewhere = ({ kind, metadata }: Manifest): boolean =>
  kind === 'PrometheusRule' || kind === 'Role' || (kind === 'ConfigMap' && !metadata.name.endsWith('-settings'));

describe('the chart as helm renders it', () => {
  let namespace = '';
  beforeAll(async () => {
    namespace = await cluster.namespace('chart');
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], stringify(operatorDefinitions()));
    await cluster.kubectl(['apply', '--server-side', '-f', join(CHART, 'crds/coderuns.yaml')]);
    await cluster.kubectl([
      'wait',
      '--for=condition=Established',
      '--timeout=60s',
      'crd/servicemonitors.monitoring.coreos.com',
      'crd/prometheusrules.monitoring.coreos.com',
      'crd/coderuns.agents.platform',
    ]);
  });

  it.each(examples)('is without fault by helm lint with %s', async (name) => {
    await expect(cluster.helm(['lint', '--strict', '--quiet', CHART, ...withExample(name)])).resolves.toBeDefined();
  });

  it.each([...examples, 'no values'])('is taken by the API server with %s', async (name) => {
    const manifests = await render(namespace, ...(name === 'no values' ? IMAGE : withExample(name)));
    expect(manifests.length).toBeGreaterThan(5);
    const text = manifests.map((manifest) => stringify(manifest)).join('---\n');
    const answer = await cluster.kubectl(
      ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--namespace', namespace, '-f', '-'],
      text,
    );
    expect(answer.trim().split('\n').length).toBe(manifests.length);
  });

  it('would notice a manifest that is wrong', async () => {
    const [deployment] = (await render(namespace, ...IMAGE)).filter(({ kind }) => kind === 'Deployment');
    const wrong = stringify({ ...deployment, spec: { ...(deployment?.['spec'] as object), replica: 2 } });
    await expect(
      cluster.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], wrong),
    ).rejects.toThrow(/replica/);
    const monitor = {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: { name: 'x', namespace },
    };
    await expect(
      cluster.kubectl(['apply', '--server-side', '--dry-run=server', '-f', '-'], stringify({ ...monitor, spec: {} })),
    ).rejects.toThrow(/selector|endpoints/);
  });

  it.each(examples)('is what was reviewed with %s', async (name) => {
    const manifests = (await render('healer', ...withExample(name))).filter((manifest) => !isElsewhere(manifest));
    const text = manifests.map((manifest) => stringify(manifest, { sortMapEntries: true })).join('---\n');
    await expect(text).toMatchFileSnapshot(join(GOLDEN, name));
  });

  it('turns every switch somewhere in its examples: no template goes unchecked', async () => {
    const kinds = new Set<string>();
    for (const name of examples) for (const { kind } of await render('healer', ...withExample(name))) kinds.add(kind);
    const templates = readdirSync(join(CHART, 'templates'), { recursive: true, encoding: 'utf8' });
    const inTemplates = templates
      .filter((path) => path.endsWith('.yaml'))
      .flatMap((path) => [...readFileSync(join(CHART, 'templates', path), 'utf8').matchAll(/^kind: (\w+)$/gm)])
      .map((match) => match[1] ?? '');
    expect([...new Set(inTemplates)].toSorted()).toEqual([...kinds].toSorted());
  });

  it.each([
    ['more than one replica of the embedded store', ['replicas=2'], /store\.kind=postgres/],
    [
      'replicas that run agents themselves',
      ['replicas=2', 'store.kind=postgres', 'settings.engine=local'],
      /settings\.engine=kubernetes/,
    ],
    ['agents without an image', ['settings.kubernetes.image='], /settings\.kubernetes\.image is missing/],
    ['a secret among the settings', ['settings.github.token=ghp_x'], /Put it into the Secret healer as GITHUB_TOKEN/],
    ['what the chart sets itself', ['settings.port=9000'], /set by the chart itself/],
    ['an unknown value', ['replicaCount=3'], /replicaCount/],
    ['an unknown value deep inside', ['store.volume.sise=1Gi'], /sise/],
    ['a value of the wrong type', ['replicas=many'], /replicas/],
    ['a digest that is none', ['image.digest=latest'], /digest/],
  ])('refuses %s', async (_what, values, message) => {
    await expect(render('healer', ...IMAGE, ...values.flatMap((value) => ['--set', value]))).rejects.toThrow(message);
  });

  it('keeps agents out of the Service, and agents’ policy off Healer', async () => {
    const manifests = await render('healer', ...withExample('production.yaml'));
    const selectorOf = (kind: string, name: string) => {
      const spec = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)?.['spec'];
      const { selector, podSelector } = spec as { selector?: object; podSelector?: { matchLabels: object } };
      return (podSelector?.matchLabels ?? selector) as Record<string, string>;
    };
    const template = manifests.find(({ kind }) => kind === 'Deployment')?.['spec'] as {
      template: { metadata: { labels: Record<string, string> } };
    };
    const own = template.template.metadata.labels;
    const agent = {
      'app.kubernetes.io/name': 'healer',
      'app.kubernetes.io/component': 'agent',
      'app.kubernetes.io/managed-by': 'healer',
    };
    const matches = (selector: Record<string, string>, labels: Record<string, string>) =>
      Object.entries(selector).every(([key, value]) => labels[key] === value);
    for (const [kind, name] of [
      ['Service', 'healer'],
      ['NetworkPolicy', 'healer'],
    ] as const) {
      expect(matches(selectorOf(kind, name), own), `${kind} ${name}`).toBe(true);
      expect(matches(selectorOf(kind, name), agent), `${kind} ${name}`).toBe(false);
    }
    expect(matches(selectorOf('NetworkPolicy', 'healer-agents'), agent)).toBe(true);
    expect(matches(selectorOf('NetworkPolicy', 'healer-agents'), own)).toBe(false);
  });
});
