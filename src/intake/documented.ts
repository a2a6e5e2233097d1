import type { FastifySchema } from 'fastify';
import type { Door } from './doors.ts';
import { PROBLEM_TYPE, PROBLEMS, type ProblemKind } from './problem.ts';

/** What the OpenAPI document says of each door; bodies are read and checked by the sources themselves. */
const ABOUT: Readonly<
  Record<Door['origin'], { readonly operationId: string; readonly summary: string; readonly body: string }>
> = {
  'ci-failure': {
    operationId: 'deliverCiFailure',
    summary: 'A CI event: workflow_job, workflow_run, check_run, check_suite or status',
    body: 'GitHub’s body, bare or as an Argo Events sensor wraps it: `{ "body": {…}, "headers": {…} }`',
  },
  'security-alert': {
    operationId: 'deliverSecurityAlert',
    summary:
      'A security event: dependabot_alert, code_scanning_alert, secret_scanning_alert, repository_vulnerability_alert',
    body: 'GitHub’s body, bare or wrapped by a sensor',
  },
  review: {
    operationId: 'deliverReview',
    summary: 'A review event: pull_request_review, pull_request_review_comment, check_run with requested_action',
    body: 'GitHub’s body, bare or wrapped by a sensor',
  },
  command: {
    operationId: 'deliverCommand',
    summary: 'A comment with a `/healer` line: issue_comment or pull_request_review_comment',
    body: 'GitHub’s body, bare or wrapped by a sensor',
  },
  'play-failure': {
    operationId: 'deliverPlayFailure',
    summary: 'A failed stage of a play',
    body: '`{ play_id, task_id, stage, repository, branch, message, logs? }`',
  },
  'platform-alert': {
    operationId: 'deliverPlatformAlerts',
    summary: 'Alerts of the platform',
    body: 'Alertmanager’s webhook, version 4',
  },
  'workflow-alert': {
    operationId: 'deliverWorkflowAlerts',
    summary: 'Alerts about workflows',
    body: 'Alertmanager’s webhook, version 4',
  },
  github: {
    operationId: 'deliverGithubWebhook',
    summary: 'Any event of GitHub, from GitHub itself; needs `X-Hub-Signature-256` over the bytes of the body',
    body: 'GitHub’s body as it is sent, JSON or form',
  },
};

const PLAY = {
  type: 'object',
  required: ['play_id', 'task_id', 'stage', 'repository', 'branch', 'message'],
  properties: {
    play_id: { type: 'string' },
    task_id: { type: 'string' },
    stage: { type: 'string' },
    repository: { type: 'string', description: 'owner/name' },
    branch: { type: 'string' },
    message: { type: 'string' },
    logs: { type: 'string' },
  },
};

const text = { type: 'string' };
const nullable = { type: ['string', 'null'] };

const answer = {
  type: 'object',
  required: ['status', 'dedup_status', 'delivery_id', 'remediation_id', 'task_id', 'reason', 'status_url'],
  properties: {
    status: { type: 'string', enum: ['accepted', 'skipped', 'ignored'] },
    dedup_status: { type: 'string', enum: ['new', 'existing', 'skipped'] },
    delivery_id: text,
    remediation_id: nullable,
    task_id: nullable,
    agent: nullable,
    failure_type: nullable,
    coderun_name: { ...nullable, description: 'Null until the CodeRun exists' },
    reason: { type: 'object', required: ['code', 'detail'], properties: { code: text, detail: text } },
    status_url: text,
  },
};

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', description: '`urn:healer:problem:<kind>`' },
    title: text,
    status: { type: 'integer' },
    detail: text,
    errors: {
      type: 'array',
      items: { type: 'object', required: ['path', 'message'], properties: { path: text, message: text } },
    },
    reason: answer.properties.reason,
    delivery_id: text,
  },
};

/** With which kinds of refusal a door may answer, by status. */
const REFUSALS: readonly ProblemKind[] = [
  'wrong-shape',
  'token-unknown',
  'repository-not-allowed',
  'too-large',
  'media-type',
  'too-many-requests',
  'overloaded',
];

/** The schema of a door's route, for the OpenAPI document only. */
export function documentedDoor(door: Door): FastifySchema {
  const { operationId, summary, body } = ABOUT[door.origin];
  const schema =
    door.origin === 'play-failure' ? PLAY : { type: 'object', description: body, additionalProperties: true };
  const json = (description: string) => ({ description, content: { 'application/json': { schema: answer } } });
  return {
    operationId,
    summary,
    tags: ['intake'],
    description: `${body}. Up to 25 MiB. \`Prefer: wait=20\` waits up to so many seconds for agent and CodeRun; \`Prefer: respond-async\` answers as soon as the delivery is on the disk, with the reason \`kept\`, and \`status_url\` tells what became of it. The same delivery sent again gets the same answer.`,
    security: [door.auth === 'signature' ? { signature: [] } : { bearer: [] }],
    body: schema,
    response: {
      200: json('Nothing is done because of it; `reason` says why.'),
      202: json('Accepted, or joined to what is under way.'),
      ...Object.fromEntries(
        REFUSALS.map((kind) => {
          const { status, title } = PROBLEMS[kind];
          return [status, { description: title, content: { [PROBLEM_TYPE.split(';')[0] ?? '']: { schema: problem } } }];
        }),
      ),
    },
  };
}
