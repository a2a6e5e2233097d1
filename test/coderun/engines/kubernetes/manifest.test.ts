import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { secretManifest } from '../../../../src/coderun/engines/kubernetes/credentials.ts';
import { environmentOf } from '../../../../src/coderun/engines/kubernetes/environment.ts';
import { configMaps, planFileSet } from '../../../../src/coderun/engines/kubernetes/file-set.ts';
import { type JobInput, jobManifest } from '../../../../src/coderun/engines/kubernetes/manifest.ts';
import { jobName } from '../../../../src/coderun/engines/kubernetes/names.ts';
import type { PodSettings } from '../../../../src/coderun/engines/kubernetes/options.ts';
import { claimManifest } from '../../../../src/coderun/engines/kubernetes/workspace.ts';
import { renderFiles } from '../../../../src/coderun/files.ts';
import { type CodeRun, specSchema } from '../../../../src/coderun/schema.ts';
import { PermanentError } from '../../../../src/lib/errors.ts';
import { codeRun } from '../../support/drafts.ts';
import { TEMPLATES } from '../../support/templates.ts';
import { POD_SETTINGS } from './support/settings.ts';

/** Every setting has a value that differs from its default. */
const EVERYTHING: PodSettings = {
  image: 'agents/other:1',
  images: { claude: 'agents/claude:2' },
  imagePullPolicy: 'Always',
  imagePullSecrets: ['registry', 'mirror'],
  serviceAccountName: 'agents',
  cliSecret: 'cli-keys',
  workspace: { kind: 'persistent', size: '20Gi', storageClass: 'fast', accessMode: 'ReadWriteOncePod' },
  requests: { cpu: '500m', memory: '1Gi' },
  limits: { cpu: '4', memory: '8Gi' },
  nodeSelector: { pool: 'agents' },
  tolerations: [{ key: 'agents', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: { podAntiAffinity: {} },
  labels: { team: 'platform' },
  annotations: { 'sidecar.istio.io/inject': 'false' },
  priorityClassName: 'low',
  runtimeClassName: 'gvisor',
  readOnlyRootFilesystem: false,
  dockerImage: 'docker:dind',
};

const RUN = codeRun();
const FILES = planFileSet(RUN, { 'container.sh': 'true\n', 'prompt.md': 'Repair it.\n' });

function input(change: Partial<JobInput> = {}): JobInput {
  return {
    codeRun: RUN,
    namespace: 'healer',
    pods: POD_SETTINGS,
    templates: TEMPLATES,
    files: FILES,
    workspace: 'workspace-shop-rex',
    hasToken: true,
    deadlineSeconds: 7200,
    retentionSeconds: 86_400,
    ...change,
  };
}

const withSpec = (change: object): CodeRun => ({ ...RUN, spec: specSchema.parse({ ...RUN.spec, ...change }) });
const podOf = (manifest: ReturnType<typeof jobManifest>) =>
  (manifest['spec'] as { template: { metadata: object; spec: Record<string, unknown> } }).template.spec;
const containerOf = (manifest: ReturnType<typeof jobManifest>) =>
  (podOf(manifest)['containers'] as Record<string, unknown>[])[0] ?? {};

describe('what a CodeRun becomes in a cluster', () => {
  it('is this Job, to the last field [R15]', async () => {
    await expect(stringify(jobManifest(input()))).toMatchFileSnapshot('fixtures/job.yaml');
  });

  it('is this Job with every setting and every wish of a CodeRun [R13, R15]', async () => {
    const wishes = withSpec({
      enableDocker: true,
      continueSession: true,
      serviceAccountName: 'special',
      env: { ...RUN.spec.env, RUST_LOG: 'debug', HOME: '/root', HEALER_RESULT: '/elsewhere' },
      envFromSecrets: [{ name: 'NPM_TOKEN', secretName: 'npm-login', secretKey: 'token' }],
    });
    await expect(stringify(jobManifest(input({ codeRun: wishes, pods: EVERYTHING })))).toMatchFileSnapshot(
      'fixtures/job-with-everything.yaml',
    );
  });

  it('is these ConfigMap, Secret and PersistentVolumeClaim [R15]', async () => {
    const token = { token: 'ghs_example', expiresAt: Date.parse('2026-11-20T13:00:00Z') };
    const settings = EVERYTHING.workspace;
    const others = [
      ...configMaps(RUN, FILES, 'healer'),
      secretManifest(RUN, token, 'healer'),
      claimManifest(RUN, 'workspace-shop-rex', { namespace: 'healer', settings }),
    ];
    await expect(others.map((one) => stringify(one)).join('---\n')).toMatchFileSnapshot('fixtures/others.yaml');
  });

  it('changes with every single setting: none is read and forgotten [R13]', () => {
    const docker = withSpec({ enableDocker: true });
    const wishing = (pods: PodSettings) => {
      const run = pods.dockerImage === null ? RUN : docker;
      const persistent = pods.workspace.kind === 'persistent';
      // The image of all CLIs counts for those without one of their own.
      const job = jobManifest(input({ codeRun: run, pods, workspace: persistent ? 'w' : null }));
      return JSON.stringify([job, claimManifest(run, 'w', { namespace: 'healer', settings: pods.workspace })]);
    };
    const plain = wishing(POD_SETTINGS);
    for (const key of Object.keys(EVERYTHING) as (keyof PodSettings)[]) {
      expect(wishing({ ...POD_SETTINGS, [key]: EVERYTHING[key] }) !== plain, key).toBe(true);
    }
    const { workspace } = POD_SETTINGS;
    for (const change of [
      { kind: 'ephemeral' },
      { size: '3Gi' },
      { storageClass: 'x' },
      { accessMode: 'ReadWriteMany' },
    ] as const) {
      expect(wishing({ ...POD_SETTINGS, workspace: { ...workspace, ...change } }), JSON.stringify(change)).not.toBe(
        plain,
      );
    }
  });

  it('has one name whenever it is made, and another for another attempt or another CodeRun of the name [R1]', () => {
    expect(jobName(RUN)).toBe(jobName({ ...RUN }));
    expect(jobName(withSpec({ contextVersion: 2 }))).not.toBe(jobName(RUN));
    expect(jobName({ ...RUN, uid: 'another' })).not.toBe(jobName(RUN));
    const long = { ...RUN, name: `a.${'b'.repeat(250)}` };
    expect(jobName(long)).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });

  it('holds no secret in its manifest: keys by reference, tokens in a Secret [R20]', () => {
    const run = withSpec({ envFromSecrets: [{ name: 'NPM_TOKEN', secretName: 'npm-login', secretKey: 'token' }] });
    const manifest = jobManifest(input({ codeRun: run, pods: EVERYTHING }));
    expect(JSON.stringify(manifest)).not.toContain('envFrom"');
    expect(containerOf(manifest)['env']).toContainEqual({
      name: 'NPM_TOKEN',
      valueFrom: { secretKeyRef: { name: 'npm-login', key: 'token' } },
    });
    expect(podOf(manifest)['automountServiceAccountToken']).toBe(false);
  });

  it('refuses a privileged container that the installation does not allow [R20]', () => {
    const run = withSpec({ enableDocker: true });
    expect(() => jobManifest(input({ codeRun: run }))).toThrow(PermanentError);
    expect(() => jobManifest(input({ codeRun: run }))).toThrow(/kubernetes\.dockerImage/);
  });

  it('mounts nothing under what a script clears [R16]', () => {
    const mounts = containerOf(jobManifest(input({ pods: EVERYTHING })))['volumeMounts'] as { mountPath: string }[];
    const below = mounts.filter(
      ({ mountPath }) => mountPath.startsWith('/workspace/') || mountPath.startsWith('/tmp/'),
    );
    expect(mounts.length).toBeGreaterThan(3);
    expect(below).toEqual([]);
  });

  it('keeps a finished Job as long as the CodeRun says, or for ever', () => {
    const ttlOf = (run: CodeRun) =>
      (jobManifest(input({ codeRun: run }))['spec'] as Record<string, unknown>)['ttlSecondsAfterFinished'];
    const annotated = (annotations: Record<string, string>) => ({
      ...RUN,
      annotations: { ...RUN.annotations, ...annotations },
    });
    expect(ttlOf(RUN)).toBe(86_400);
    expect(ttlOf(withSpec({ ttlSecondsAfterFinished: 60 }))).toBe(60);
    expect(ttlOf(annotated({ 'cleanup.cto.dev/ttl-seconds': '5' }))).toBe(5);
    expect(ttlOf(annotated({ 'cleanup.cto.dev/preserve': 'true' }))).toBeUndefined();
  });
});

describe('the environment of a run', () => {
  const options = { templates: TEMPLATES, cliSecret: null, hasToken: true, hasDocker: false };
  const variable = (run: CodeRun, name: string) =>
    environmentOf(run, options).find((known) => known.name === name)?.value;

  it('has what an agent is promised, also for a CodeRun written by hand', () => {
    const bare = {
      ...RUN,
      labels: {},
      annotations: {},
      spec: specSchema.parse({
        service: 's',
        repositoryUrl: 'https://github.com/acme/shop.git',
        branch: 'b',
        taskId: 't',
      }),
    };
    expect(variable(RUN, 'WORKFLOW_RUN_ID')).toBe('4711');
    expect(variable(bare, 'REPOSITORY')).toBe('acme/shop');
    expect(variable(bare, 'TARGET_BRANCH')).toBe('b');
    expect(variable(bare, 'HEALER_TASK_ID')).toBe('t');
    for (const name of ['FAILURE_TYPE', 'PR_NUMBER', 'CODERUN_NAME']) expect(variable(bare, name), name).toBeDefined();
  });

  it('cannot be turned against the engine', () => {
    const run = withSpec({ env: { HEALER_RESULT: '/tmp/x', HOME: '/root', HEALER_TOKEN_FILE: '/etc/passwd' } });
    expect(variable(run, 'HEALER_RESULT')).toBe('/dev/termination-log');
    expect(variable(run, 'HOME')).toMatch(/^\/workspace\/home\//);
    expect(variable(run, 'HEALER_TOKEN_FILE')).toBe('/healer/credentials/token');
  });

  it('gives another task another home, and further attempts of one task the same', () => {
    expect(variable(withSpec({ taskId: 'a' }), 'HOME')).not.toBe(variable(withSpec({ taskId: 'b' }), 'HOME'));
    expect(variable(withSpec({ taskId: 'a', contextVersion: 2 }), 'HOME')).toBe(
      variable(withSpec({ taskId: 'a' }), 'HOME'),
    );
  });
});

describe('a file set as ConfigMaps', () => {
  const large = (bytes: number) => ({
    'container.sh': 'true\n',
    'prompt.md': `${'ü€😀x'.repeat(Math.ceil(bytes / 10))}\n`,
  });

  it('is one ConfigMap with the files as they are, named by what is in it [R8]', () => {
    const files = renderFiles(RUN, TEMPLATES);
    const plan = planFileSet(RUN, files);
    expect(plan.maps).toEqual([{ name: plan.name, data: files }]);
    expect(plan.name).toMatch(new RegExp(`^${RUN.name}-files-[0-9a-f]{8}$`));
    expect(planFileSet(RUN, { ...files, 'prompt.md': 'other' }).name).not.toBe(plan.name);
  });

  it('is spread over several when one does not hold it, and is the same again when put together', () => {
    const files = large(1_700_000);
    const plan = planFileSet(RUN, files);
    expect(plan.maps.length).toBeGreaterThan(1);
    const all = Object.assign({}, ...plan.maps.map(({ data }) => data)) as Record<string, string>;
    const together = Object.fromEntries(
      plan.pieced.map(({ name, pieces }) => [name, pieces.map((piece) => all[piece]).join('')]),
    );
    expect(together).toEqual(files);
    for (const { data } of plan.maps) {
      const bytes = Object.entries(data).reduce((sum, [key, text]) => sum + key.length + Buffer.byteLength(text), 0);
      expect(bytes).toBeLessThanOrEqual(1_048_576);
      for (const key of Object.keys(data)) expect(key).toMatch(/^[-._a-zA-Z0-9]+$/);
    }
    expect(new Set(plan.maps.map(({ name }) => name)).size).toBe(plan.maps.length);
  });

  it('is refused, with what to do, when no number of them is right', () => {
    expect(() => planFileSet(RUN, large(4_000_000))).toThrow(/Shorten the prompt/);
  });

  it('says in the Job how it is put together', () => {
    const files = planFileSet(RUN, large(1_200_000));
    const manifest = jobManifest(input({ files }));
    expect(JSON.stringify(containerOf(manifest)['command'])).toContain('cat /healer/parts/container.sh.000');
    expect(podOf(manifest)['volumes']).toContainEqual(
      expect.objectContaining({ name: 'parts', projected: expect.anything() }),
    );
  });
});
