import { branchDeletion, comment, pullRequest, push } from '../../intake/support/bodies.ts';
import { EXAMPLES } from '../../intake/support/examples.ts';
import type { SourceRequest } from './argo.ts';

type Body = Readonly<Record<string, unknown>>;

/** Every word that GitHub uses for what happened, at the events that Healer reads. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  workflow_job: ['queued', 'waiting', 'in_progress', 'completed'],
  workflow_run: ['requested', 'in_progress', 'completed'],
  check_run: ['created', 'rerequested', 'requested_action', 'completed'],
  check_suite: ['requested', 'rerequested', 'completed'],
  pull_request: [
    ...['assigned', 'auto_merge_enabled', 'closed', 'converted_to_draft', 'demilestoned', 'edited', 'enqueued'],
    ...['labeled', 'locked', 'milestoned', 'opened', 'ready_for_review', 'reopened', 'review_requested'],
    ...['synchronize', 'unassigned', 'unlabeled', 'unlocked'],
  ],
  merge_group: ['checks_requested', 'destroyed'],
  dependabot_alert: [
    ...['assignees_changed', 'auto_dismissed', 'auto_reopened', 'created', 'dismissed', 'fixed'],
    ...['reintroduced', 'reopened'],
  ],
  code_scanning_alert: [
    ...['appeared_in_branch', 'closed_by_user', 'created', 'fixed', 'reopened', 'reopened_by_user'],
    'updated_assignment',
  ],
  secret_scanning_alert: [
    ...['assigned', 'created', 'publicly_leaked', 'reopened', 'resolved', 'revoked', 'unassigned', 'validated'],
  ],
  repository_vulnerability_alert: ['create', 'dismiss', 'reopen', 'resolve'],
  pull_request_review: ['dismissed', 'edited', 'submitted'],
  pull_request_review_comment: ['created', 'deleted', 'edited'],
  issue_comment: ['created', 'deleted', 'edited', 'pinned', 'unpinned'],
};

const CONCLUSIONS = [
  ...['success', 'failure', 'timed_out', 'startup_failure', 'cancelled', 'action_required'],
  ...['stale', 'skipped', 'neutral', 'a_word_of_tomorrow'],
];
const STATES = ['error', 'failure', 'pending', 'success'];
const CHECKS = ['workflow_job', 'workflow_run', 'check_run', 'check_suite'];

let count = 0;
function request(id: string, event: string, body: Body): SourceRequest {
  count += 1;
  const delivery = `72d3162e-cc78-11e3-81ab-${String(count).padStart(12, '0')}`;
  const headers = {
    'X-GitHub-Event': event,
    'X-GitHub-Delivery': delivery,
    'X-Hub-Signature-256': `sha256=${'0'.repeat(64)}`,
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/044aadd',
  };
  return { id, eventSource: 'healer-github', eventName: 'events', headers, body };
}

/** The first example of an event with another conclusion, and completed; nothing for events that have none. */
function concluded(event: string, body: Body): Body[] {
  if (event === 'status') return STATES.map((state) => ({ ...body, state }));
  if (!CHECKS.includes(event)) return [];
  const subject = body[event] as Body;
  return CONCLUSIONS.map((conclusion) => ({
    ...body,
    action: 'completed',
    [event]: { ...subject, status: 'completed', conclusion },
  }));
}

function acted(event: string, body: Body): Body[] {
  const button = { identifier: 'fix', label: 'Fix', description: 'Fix it' };
  // What has completed has a conclusion: see `concluded`.
  const actions = (ACTIONS[event] ?? []).filter((action) => action !== 'completed');
  return actions.map((action) => ({
    ...body,
    action,
    ...(action === 'requested_action' ? { requested_action: button } : {}),
  }));
}

const WORDS = [
  '/healer fix',
  '/healer',
  'Thanks.\n/healer retry look at "quotes" & <tags>',
  'Thanks.\r\n\r\n/healer cancel\r\n',
  '\u200b/healer status',
  'see docs/healer.md',
  'nothing for anybody',
  '',
];

const MADE: readonly (readonly [string, string, Body])[] = [
  ...WORDS.map((words, index) => [`made/issue_comment/${index}`, 'issue_comment', comment(words)] as const),
  ['made/delete/branch', 'delete', branchDeletion()],
  ['made/push/branch', 'push', push()],
  ['made/push/tag', 'push', push({ ref: 'refs/tags/v1' })],
  ['made/push/branch like a tag', 'push', push({ ref: 'refs/heads/refs/tags/v1' })],
  ['made/pull_request/base', 'pull_request', { ...pullRequest('edited'), changes: { base: { ref: { from: 'old' } } } }],
  ['made/pull_request/title', 'pull_request', { ...pullRequest('edited'), changes: { title: { from: 'old' } } }],
];

/** Events of which GitHub publishes no example, in the shape its OpenAPI document gives them. */
const SECRET: Body = {
  action: 'created',
  alert: { number: 7, secret_type: 'aws_key', html_url: 'https://github.com/acme/shop/security/secret-scanning/7' },
  repository: { id: 501, full_name: 'acme/shop', default_branch: 'main' },
  sender: { login: 'github', type: 'Organization' },
};

const TEMPLATES: readonly (readonly [string, string, Body])[] = [
  ...EXAMPLES.map(({ label, event, body }) => [label, event, body] as const),
  ['made/secret_scanning_alert', 'secret_scanning_alert', SECRET],
];

function variants([label, event, body]: readonly [string, string, Body]): SourceRequest[] {
  return [...acted(event, body), ...concluded(event, body)].map((variant, index) =>
    request(`${label}/variant ${index}`, event, variant),
  );
}

/** Every published example, and each with all of its event's actions and conclusions. */
export const GITHUB_REQUESTS: readonly SourceRequest[] = [
  ...[...TEMPLATES, ...MADE].map(([label, event, body]) => request(label, event, body)),
  ...TEMPLATES.flatMap(variants),
];

export const eventOf = ({ headers }: SourceRequest): string => headers['X-GitHub-Event'] ?? '';

const webhook = { headers: { 'Content-Type': 'application/json', Authorization: 'Bearer not-for-healer' } };

/** What comes in at the EventSources that are not GitHub's. */
export const OTHER_REQUESTS: readonly SourceRequest[] = [
  {
    ...webhook,
    id: 'play',
    eventSource: 'healer-play',
    eventName: 'play-failure',
    body: {
      play_id: 'play-7',
      task_id: '12',
      stage: 'quality',
      repository: 'acme/shop',
      branch: 'task-12',
      message: 'clippy found <3> faults & stopped',
      logs: 'error: unused variable',
    },
  },
  ...['platform', 'workflows'].map((eventName) => ({
    ...webhook,
    id: `alertmanager ${eventName}`,
    eventSource: 'healer-alertmanager',
    eventName,
    body: {
      version: '4',
      groupKey: '{}:{alertname="PodCrashLooping"}',
      status: 'firing',
      receiver: 'healer',
      truncatedAlerts: 0,
      groupLabels: { alertname: 'PodCrashLooping' },
      commonLabels: {},
      commonAnnotations: {},
      externalURL: 'http://alertmanager.example',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'PodCrashLooping', severity: 'critical', repository: 'acme/shop' },
          annotations: { summary: 'A pod crashes' },
          startsAt: '2026-01-02T03:04:05Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: 'http://prometheus.example/graph',
          fingerprint: 'a1b2c3',
        },
      ],
    },
  })),
];
