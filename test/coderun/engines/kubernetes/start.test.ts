import { beforeEach, describe, expect, it } from 'vitest';
import { createKubernetesEngine, type KubernetesEngine } from '../../../../src/coderun/engines/kubernetes/engine.ts';
import type { CodeRun } from '../../../../src/coderun/schema.ts';
import type { KubernetesClient, KubernetesRequest } from '../../../../src/lib/kubernetes/client.ts';
import type { KubernetesObject } from '../../../../src/lib/kubernetes/objects.ts';
import { draft } from '../../support/drafts.ts';
import { TEMPLATES } from '../../support/templates.ts';
import { POD_SETTINGS } from './support/settings.ts';

const DRAFT = draft();
const PODS = { ...POD_SETTINGS, workspace: { ...POD_SETTINGS.workspace, kind: 'ephemeral' as const } };

/** Objects by path, as an API server keeps them, without watches. */
class Objects {
  readonly kept = new Map<string, KubernetesObject>();
  readonly asked: string[] = [];

  readonly request = async ({ method = 'GET', path, body }: KubernetesRequest) => {
    const asked = `${method} ${path
      .split('/')
      .slice(path.startsWith('/apis/') ? 6 : 5)
      .join('/')}`;
    this.asked.push(asked);
    if (method === 'POST') return this.#post(path, body as KubernetesObject);
    const object = this.kept.get(path);
    if (object === undefined)
      return { status: path.includes('/jobs') || method === 'GET' ? 404 : 500, body: {}, bytes: 0 };
    return { status: 200, body: object, bytes: 0 };
  };

  #post(path: string, body: KubernetesObject) {
    const at = `${path}/${body.metadata.name}`;
    if (this.kept.has(at)) return { status: 409, body: {}, bytes: 0 };
    const metadata = {
      uid: `uid-${this.kept.size}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-11-20T00:00:00Z',
    };
    const object = { ...body, metadata: { ...metadata, ...body.metadata } };
    this.kept.set(at, object);
    return { status: 201, body: object, bytes: 0 };
  }

  /** Somebody changes the one CodeRun. */
  change(metadata: object, status: object = {}): void {
    const [path = '', object] = [...this.kept].find(([at]) => at.includes('/coderuns/')) ?? [];
    if (object === undefined) throw new Error('no CodeRun');
    this.kept.set(path, { ...object, metadata: { ...object.metadata, resourceVersion: '2', ...metadata }, status });
  }
}

let objects: Objects;
let engine: KubernetesEngine;
let codeRun: CodeRun;
let now: number;

describe('a start on an API server', () => {
  beforeEach(async () => {
    now = 0;
    objects = new Objects();
    const client = { request: objects.request } as unknown as KubernetesClient;
    engine = createKubernetesEngine({
      client,
      namespace: 'ns',
      templates: TEMPLATES,
      clock: () => now,
      pods: PODS,
      retentionSeconds: 60,
      keepCodeRunsMs: 60_000,
    });
    await engine.create(DRAFT);
    const found = await engine.glance(DRAFT.name);
    if (found === null) throw new Error('not there');
    codeRun = found;
    objects.asked.length = 0;
  });
  const start = async () => {
    await engine.ensureFiles(codeRun);
    await engine.ensureJob(codeRun, 60);
  };
  const kinds = () => objects.asked.map((asked) => asked.replace(/\/.*/, ''));

  it('asks once for the CodeRun and writes files and Job', async () => {
    await start();
    expect(kinds()).toEqual(['GET coderuns', 'POST configmaps', 'POST jobs']);
  });

  it('is not made by what was read a while ago: a Job cannot be taken back', async () => {
    await engine.ensureFiles(codeRun);
    now = 5_000;
    objects.change({}, { phase: 'Cancelled' });
    await engine.ensureJob(codeRun, 60);
    expect(kinds()).not.toContain('POST jobs');
  });

  it.each([
    ['was cancelled', { annotations: { 'healer/cancel': 'true' } }, {}],
    ['was given another spec', { generation: 2 }, {}],
    ['is being deleted', { deletionTimestamp: '2026-11-20T00:00:01Z' }, {}],
    ['has ended', {}, { phase: 'Failed' }],
  ])('is not made of a CodeRun that %s meanwhile', async (_what, metadata, status) => {
    objects.change(metadata, status);
    await start();
    expect(kinds().filter((kind) => kind.startsWith('POST'))).toEqual([]);
  });

  it('is not made of another CodeRun of the same name, and says that the first one is gone', async () => {
    objects.change({ uid: 'another' });
    await expect(engine.ensureFiles(codeRun)).rejects.toThrow(/is gone/);
    expect(kinds()).toEqual(['GET coderuns']);
  });
});
