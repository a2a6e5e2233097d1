import { afterAll, beforeAll, expect, it } from 'vitest';
import { headOf } from '../support/remote.ts';
import {
  ACCOUNT,
  code,
  NAMESPACE,
  PATIENCE_MS,
  type RemediationView,
  type Story,
  startStory,
  type Thing,
} from './story-support.ts';
import { until } from './support/cluster.ts';

const CODE_RUNS = `/apis/agents.platform/v1/namespaces/${NAMESPACE}/coderuns`;
/** Later phases never give way to earlier ones. */
const ORDER = ['', 'Pending', 'Running', 'ended'];

let story: Story;
beforeAll(async () => {
  story = await startStory();
}, 600_000);
afterAll(async () => {
  await story?.close();
});

async function reached(task: string, phase: string): Promise<RemediationView> {
  let seen: RemediationView | null = null;
  await until(PATIENCE_MS, `${task} is not ${phase}`, async () => {
    seen = (await story.ask(`/api/remediations/${task}`)).body;
    return seen.phase === phase;
  }).catch(async (error: unknown) => {
    const lines = seen?.timeline.map((entry) => `${entry.phase} ${entry.event}: ${entry.message}`) ?? [];
    throw new Error([String(error), ...lines, await story.told()].join('\n'));
  });
  return seen as unknown as RemediationView;
}

/** Every phase that each CodeRun was seen in, in order, each once. */
function watchPhases(): { readonly phases: ReadonlyMap<string, readonly string[]>; readonly stop: () => void } {
  const phases = new Map<string, string[]>();
  const handle = story.cluster.api.watch<Thing>(CODE_RUNS, ({ object }) => {
    const { metadata, status } = object;
    const seen = phases.get(metadata.name) ?? [];
    if (seen.at(-1) !== (status?.phase ?? '')) seen.push(status?.phase ?? '');
    phases.set(metadata.name, seen);
  });
  return { phases, stop: handle.stop };
}

const rank = (phase: string): number => (ORDER.includes(phase) ? ORDER.indexOf(phase) : ORDER.indexOf('ended'));

async function runOf(name: string): Promise<Thing> {
  return story.cluster.api.request<Thing>('GET', `${CODE_RUNS}/${name}`);
}

/** Red, an attempt that does not hold, another that knows of it, green. */
async function mended(): Promise<RemediationView> {
  const first = await story.push('topic-mended', { 'src/cart.rs': code('"three"') });
  const remediation = await reached(await story.taskOf('topic-mended'), 'succeeded');
  expect(remediation.agent).toBe('rex');
  expect(remediation.attempts.map(({ outcome }) => outcome)).toEqual(['ci_still_failing', 'success']);
  const [one, two] = await Promise.all(remediation.attempts.map(({ coderun_name: name }) => runOf(name)));
  expect([one?.spec?.contextVersion, two?.spec?.contextVersion]).toEqual([1, 2]);
  // The second attempt knows what became of the first one's commit.
  expect(one?.spec?.prompt).toContain('three');
  expect(one?.spec?.prompt).not.toContain('treble');
  expect(two?.spec?.prompt).toContain('treble');
  // Two commits of the agents, the last of which GitHub's checks found green; nothing else moved the branch.
  const head = headOf(story.gh.remotePath, 'topic-mended');
  const shas = remediation.attempts.map(({ report }) => report?.commit_sha);
  expect(shas).toEqual([one?.status?.commitSha, two?.status?.commitSha]);
  expect(head).toBe(shas[1]);
  const checks = story.gh.state.runs.filter(({ headBranch }) => headBranch === 'topic-mended');
  expect(checks.map(({ headSha, conclusion }) => [headSha, conclusion])).toEqual([
    [first, 'failure'],
    [shas[0], 'failure'],
    [shas[1], 'success'],
  ]);
  return remediation;
}

/** Three attempts that do not hold: people are asked. */
async function hopeless(): Promise<RemediationView> {
  await story.push('topic-hopeless', { 'src/cart.rs': code('"three"') });
  const remediation = await reached(await story.taskOf('topic-hopeless'), 'escalated');
  expect(remediation.attempts.map(({ number, outcome }) => [number, outcome])).toEqual(
    [1, 2, 3].map((number) => [number, 'ci_still_failing']),
  );
  return remediation;
}

/** A branch whose agent is in the middle of its work, and stays there. */
async function atWork(branch: string): Promise<{ readonly task: string; readonly name: string; readonly job: string }> {
  await story.push(branch, { 'src/cart.rs': code('"three"') });
  const task = await story.taskOf(branch);
  await until(PATIENCE_MS, 'no agent is at work', async () => story.isAgentAtWork(branch)).catch(
    async (error: unknown) => {
      throw new Error(`${String(error)}\n${await story.told()}`);
    },
  );
  let name = '';
  let job = '';
  await until(PATIENCE_MS, 'it is not told that it works', async () => {
    name = (await story.ask(`/api/remediations/${task}`)).body.attempts[0]?.coderun_name ?? '';
    const { phase = '', jobName = '' } = name === '' ? {} : ((await runOf(name)).status ?? {});
    job = jobName;
    return phase === 'Running' && jobName !== '';
  });
  return { task, name, job };
}

const isRunning = async (job: string) => (await story.cluster.node.running()).some(({ pod }) => pod.startsWith(job));

/** Somebody stops the agent. */
async function unwanted(): Promise<RemediationView> {
  const { task, name, job } = await atWork('topic-unwanted');
  const before = headOf(story.gh.remotePath, 'topic-unwanted');
  expect(await isRunning(job)).toBe(true);

  expect((await story.ask(`/api/remediations/${task}/cancel`, { by: 'ada' })).status).toBe(200);
  const remediation = await reached(task, 'cancelled');
  await until(PATIENCE_MS, 'the CodeRun does not end', async () => (await runOf(name)).status?.phase === 'Cancelled');
  await until(PATIENCE_MS, 'its container runs on', async () => !(await isRunning(job)));
  expect(remediation.attempts).toHaveLength(1);
  expect(headOf(story.gh.remotePath, 'topic-unwanted')).toBe(before);
  return remediation;
}

/** Names of what was created since the beginning, by whomever. */
async function made(resource: string): Promise<readonly string[]> {
  const creates = await story.cluster.auditEvents({ namespace: NAMESPACE, resource, verbs: ['create'] });
  return creates
    .filter(({ objectRef, responseStatus }) => objectRef?.subresource === undefined && responseStatus?.code === 201)
    .map(({ objectRef }) => objectRef?.name ?? '');
}

async function madeByHealer(): Promise<readonly string[]> {
  const all = await Promise.all(
    ['jobs', 'configmaps', 'secrets', 'persistentvolumeclaims'].map(async (resource) => {
      const events = await story.cluster.auditEvents({
        namespace: NAMESPACE,
        resource,
        verbs: ['create'],
        user: ACCOUNT,
      });
      return events.map(({ objectRef }) => `${resource}/${objectRef?.name}`);
    }),
  );
  return [...new Set(all.flat())];
}

/** What is left of it. */
async function leftOf(names: readonly string[]): Promise<readonly string[]> {
  const text = await story.cluster.kubectl(['get', ...names, '-n', NAMESPACE, '--ignore-not-found', '-o', 'name']);
  return text.split('\n').filter((line) => line !== '');
}

/** Three branches at once, from a sensor's post to the end, and what is left of them. */
async function heals(): Promise<void> {
  const watch = watchPhases();
  const remediations = await Promise.all([mended(), hopeless(), unwanted()]);

  // Each attempt was one CodeRun and one Job, whoever looked how often.
  const names = remediations.flatMap(({ attempts }) => attempts.map(({ coderun_name: name }) => name));
  expect(new Set(names).size).toBe(6);
  const runs = await story.list('coderuns');
  expect(runs.map(({ metadata }) => metadata.name).toSorted()).toEqual(names.toSorted());
  expect((await made('coderuns')).toSorted()).toEqual(names.toSorted());
  expect((await made('jobs')).toSorted()).toEqual(runs.map(({ status }) => status?.jobName).toSorted());
  expect(await made('pods'), 'one for each Job, and Healer’s own').toHaveLength(7);
  const hasEnded = (phases: readonly string[]) => rank(phases.at(-1) ?? '') === ORDER.indexOf('ended');
  await until(PATIENCE_MS, 'not every end was seen', async () => [...watch.phases.values()].every(hasEnded));
  for (const [name, phases] of watch.phases) {
    const ranks = phases.map(rank);
    expect(ranks, name).toEqual(ranks.toSorted((a, b) => a - b));
    expect(
      phases.filter((phase) => rank(phase) === ORDER.indexOf('ended')),
      name,
    ).toHaveLength(1);
  }
  expect(watch.phases.size).toBe(6);
  watch.stop();
  // Everything that the sensors carried was taken at once, and nothing was asked for that the Role does not give.
  expect(story.answered.length).toBeGreaterThan(10);
  expect(story.answered.filter(({ status }) => status !== 200 && status !== 202)).toEqual([]);
  const asked = await story.cluster.auditEvents({ user: ACCOUNT });
  expect(asked.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);

  // When their time has come, everything goes that the runs left; the CodeRuns stay to be read, held by nothing.
  const remains = await madeByHealer();
  const kinds = remains.map((name) => name.split('/')[0]);
  for (const kind of ['jobs', 'configmaps', 'secrets']) {
    expect(
      kinds.filter((one) => one === kind),
      kind,
    ).toHaveLength(6);
  }
  // One workspace for whoever comes first, and one for each of the others at the same time.
  expect(kinds).toContain('persistentvolumeclaims');
  expect(remains).toContain('persistentvolumeclaims/workspace-shop-rex');
  let left: readonly string[] = [];
  await until(PATIENCE_MS, 'something of the runs is left', async () => {
    left = await leftOf(remains);
    return left.length === 0;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${left.join('\n')}`);
  });
  const kept = await story.list('coderuns');
  expect(kept).toHaveLength(6);
  expect(kept.flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
}

/** As docs/kubernetes.md says, CodeRuns first, with an agent at work. */
async function goes(): Promise<void> {
  const { task, job } = await atWork('topic-late');
  expect(await isRunning(job)).toBe(true);
  await story.cluster.kubectl(['delete', 'coderuns', '--all', '-n', NAMESPACE, '--timeout=120s']);
  await until(PATIENCE_MS, 'its container runs on', async () => !(await isRunning(job)));
  await reached(task, 'cancelled');
  await story.cluster.helm(['uninstall', 'healer', '--namespace', NAMESPACE, '--wait', '--timeout', '120s']);
  // Nothing was begun anew in between.
  expect(await story.list('coderuns')).toEqual([]);
  let left: readonly Thing[] = [];
  await until(PATIENCE_MS, 'something of the CodeRuns is left', async () => {
    left = await story.list('jobs,pods,configmaps,secrets,persistentvolumeclaims');
    return left.every(({ metadata: { labels = {} } }) => labels['healer/coderun'] === undefined);
  }).catch((error: unknown) => {
    throw new Error(
      `${String(error)}\n${JSON.stringify(
        left.map(({ metadata }) => metadata),
        null,
        1,
      )}`,
    );
  });
  expect(left.flatMap(({ metadata }) => metadata.finalizers ?? []).filter((one) => one.includes('healer'))).toEqual([]);
}

it('heals with a retry, escalates, is cancelled, cleans up and goes, with the rights of the chart’s ServiceAccount alone', {
  timeout: 1_200_000,
}, async () => {
  await heals();
  await goes();
});
