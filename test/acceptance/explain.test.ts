import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainDelivery } from '../../src/app/explain.ts';
import { RULES_DIR } from '../../src/app/paths.ts';
import { settingsSchema } from '../../src/app/settings.ts';
import { loadRules } from '../../src/decide/route/load.ts';
import { emptyStore } from '../contract/store/empty.ts';
import { STORIES, startWorld, type World } from '../support/world.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const examples = createRequire(import.meta.url)
  .resolve('@octokit/webhooks-examples/package.json')
  .replace(/package\.json$/, 'api.github.com/index.json');
const groups = JSON.parse(readFileSync(examples, 'utf8')) as { name: string; examples: object[] }[];

/** Events that say something about CI, alerts, reviews or pull requests. */
const EVENTS = [
  'workflow_job',
  'workflow_run',
  'check_run',
  'check_suite',
  'status',
  'dependabot_alert',
  'code_scanning_alert',
  'secret_scanning_alert',
  'repository_vulnerability_alert',
  'pull_request',
  'pull_request_review',
  'pull_request_review_comment',
  'issue_comment',
  'push',
  'delete',
  'merge_group',
];

interface Recorded {
  readonly event: string;
  readonly body: object;
}

const recorded: Recorded[] = groups
  .filter(({ name }) => EVENTS.includes(name))
  .flatMap(({ name, examples: bodies }) => bodies.map((body) => ({ event: name, body })));

describe('healer explain', STORIES, () => {
  let world: World;
  beforeAll(async () => {
    // Nothing is to be started by what is only decided about here.
    world = await startWorld({ settings: { mode: 'paused', limits: { settleSeconds: 3_600 } } });
  });
  afterAll(() => world.close());

  it('says of a hundred recorded deliveries what the service says of them', async () => {
    const settings = settingsSchema.parse({ mode: 'paused' });
    const rules = loadRules(RULES_DIR);
    expect(recorded.length).toBeGreaterThan(100);
    const seen = new Map<string, number>();
    for (const [index, { event, body }] of recorded.entries()) {
      await emptyStore(world.service.store);
      const answer = await world.deliver(event, body);
      const bytes = Buffer.from(JSON.stringify(body));
      const explained = await explainDelivery({ settings, body: bytes, eventType: event, log: null, rules });
      const what = `${event} ${index}: ${JSON.stringify(answer.body)}`;
      expect([200, 202], what).toContain(answer.status);
      expect(
        [explained.status, explained.dedup_status, explained.reason, explained.task_id],
        `${what} but explained as ${JSON.stringify(explained)}`,
      ).toEqual([answer.body.status, answer.body.dedup_status, answer.body.reason, answer.body.task_id]);
      if (answer.body.status === 'accepted' && answer.body.agent !== null && !event.startsWith('pull_request'))
        expect([explained.agent, explained.failure_type], what).toEqual([answer.body.agent, answer.body.failure_type]);
      const key = `${answer.body.status} ${explained.reason.code}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['accepted new_failure', 'ignored not_a_failure']));
  });

  it('says of what GitHub’s stand-in sent in a whole life what the service said of it', async () => {
    world.commit('topic');
    world.run('topic', { build: 'red', lint: 'green' });
    world.run('main', { build: 'green' });
    await world.gh.settled();
    const settings = settingsSchema.parse({ mode: 'paused' });
    const sent = world.gh.recorder.deliveries;
    expect(sent.length).toBeGreaterThan(6);
    const first = sent.find(
      ({ event, body }) => event === 'workflow_job' && JSON.stringify(body).includes('"failure"'),
    );
    const bytes = Buffer.from(JSON.stringify(first?.body));
    const explained = await explainDelivery({ settings, body: bytes, eventType: 'workflow_job', log: null });
    const [opened] = (await world.all()).filter(({ branch }) => branch === 'topic');
    expect(explained).toMatchObject({
      status: 'accepted',
      task_id: opened?.taskId,
      agent: opened?.agent,
      failure_type: opened?.failureType,
      target_branch: 'topic',
    });
  });

  it('and the program say the same of GitHub’s own failed job, and so does the server', async () => {
    const failed = groups
      .find(({ name }) => name === 'workflow_job')
      ?.examples.find(
        (body) => (body as { workflow_job: { conclusion: string } }).workflow_job.conclusion === 'failure',
      );
    const answer = await world.post('/api/remediate/ci-failure', failed, { 'x-github-event': 'workflow_job' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      status: 'accepted',
      dedup_status: 'new',
      remediation_id: expect.stringMatching(/^[0-9A-Z]{26}$/),
      task_id: expect.stringMatching(/^ci-\d+$/),
      agent: expect.any(String),
      failure_type: expect.any(String),
      coderun_name: null,
      reason: { code: 'new_failure' },
      status_url: `/api/remediations/${answer.body.remediation_id}`,
    });
    const folder = mkdtempSync(join(tmpdir(), 'explain-'));
    try {
      const file = join(folder, 'event.json');
      writeFileSync(file, JSON.stringify(failed));
      const args = ['--disable-warning=ExperimentalWarning', MAIN, 'explain', '--event', file, '--json'];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
      expect(JSON.parse(stdout)).toMatchObject({
        event: 'workflow_job',
        status: answer.body.status,
        dedup_status: answer.body.dedup_status,
        reason: answer.body.reason,
        task_id: answer.body.task_id,
        agent: answer.body.agent,
        failure_type: answer.body.failure_type,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    expect((await world.post('/api/remediate/ci-failure', failed, { 'x-github-event': 'workflow_job' })).body).toEqual(
      answer.body,
    );
  });
});

describe('healer explain of what is not CI', () => {
  const settings = settingsSchema.parse({ platformRepository: 'acme/platform' });
  const explain = (eventType: string | null, body: object) =>
    explainDelivery({ settings, body: Buffer.from(JSON.stringify(body)), eventType, log: null });

  it('names the owner of a security alert', async () => {
    const [alert] = groups.find(({ name }) => name === 'dependabot_alert')?.examples ?? [];
    const created = { ...alert, action: 'created' };
    expect(await explain('dependabot_alert', created)).toMatchObject({
      status: 'accepted',
      agent: 'cipher',
      failure_type: 'security_dependabot',
      routing: { rule: 'kind-of-signal', transient: false },
    });
  });

  it('names who repairs a failed play, by its log, and where', async () => {
    const play = {
      play_id: 'play-1',
      task_id: '2',
      stage: 'implementation',
      repository: 'acme/shop',
      branch: 'play/1',
      message: 'The stage ended with code 101.',
      logs: 'error[E0308]: mismatched types\n --> src/cart.rs:12:5\nerror: could not compile `shop`\n',
    };
    expect(await explain(null, play)).toMatchObject({
      status: 'accepted',
      task_id: 'play-play-1-2',
      agent: 'rex',
      failure_type: 'rust_build',
      target_branch: 'play/1',
    });
  });

  it('names who repairs an alert of the platform, whose place only GitHub knows', async () => {
    const group = {
      version: '4',
      status: 'firing',
      groupKey: '{}:{alertname="Down"}',
      alerts: [{ status: 'firing', labels: { alertname: 'Down' }, annotations: {} }],
    };
    expect(await explain(null, group)).toMatchObject({
      status: 'accepted',
      agent: 'bolt',
      failure_type: 'platform_alert',
      target_branch: null,
    });
  });
});
