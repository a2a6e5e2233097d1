import { isObject, type JsonObject } from '../source.ts';

const has = (body: JsonObject, ...keys: readonly string[]) => keys.every((key) => Object.hasOwn(body, key));
const holds = (body: JsonObject, key: string) => isObject(body[key]);
const alertOf = (body: JsonObject) => (isObject(body['alert']) ? body['alert'] : {});
/** Events about deployments carry the run or check that caused them. */
const isDeployment = (body: JsonObject) =>
  ['deployment', 'deployment_status', 'workflow_job_runs', 'environment', 'approver'].some((key) => has(body, key));

/** How each event is told by its body alone; the first that fits. */
const SHAPES: readonly (readonly [event: string, fits: (body: JsonObject) => boolean])[] = [
  ['workflow_job', (body) => holds(body, 'workflow_job')],
  ['workflow_run', (body) => holds(body, 'workflow_run') && !isDeployment(body)],
  ['check_run', (body) => holds(body, 'check_run') && !isDeployment(body)],
  ['check_suite', (body) => holds(body, 'check_suite')],
  ['status', (body) => has(body, 'sha', 'state', 'context')],
  ['push', (body) => has(body, 'ref', 'before', 'after', 'pusher')],
  ['delete', (body) => has(body, 'ref', 'ref_type', 'pusher_type') && !has(body, 'master_branch')],
  ['dependabot_alert', (body) => holds(alertOf(body), 'dependency')],
  ['code_scanning_alert', (body) => holds(alertOf(body), 'rule') && has(alertOf(body), 'tool')],
  ['secret_scanning_alert', (body) => has(alertOf(body), 'secret_type') && !has(body, 'location')],
  ['repository_vulnerability_alert', (body) => has(alertOf(body), 'affected_package_name')],
  ['merge_group', (body) => holds(body, 'merge_group')],
  ['pull_request_review', (body) => holds(body, 'review') && holds(body, 'pull_request')],
  ['pull_request_review_comment', (body) => holds(body, 'comment') && holds(body, 'pull_request')],
  ['issue_comment', (body) => holds(body, 'comment') && holds(body, 'issue')],
  [
    'pull_request',
    (body) => holds(body, 'pull_request') && !['review', 'comment', 'thread'].some((key) => has(body, key)),
  ],
  ['ping', (body) => has(body, 'zen', 'hook_id')],
];

/** The event type of a body that came without one; null when it is none that Healer uses. */
export function detectEvent(body: JsonObject): string | null {
  return SHAPES.find(([, fits]) => fits(body))?.[0] ?? null;
}

/** Keys of which at least one stands at the top of every GitHub event. */
const COMMON = ['sender', 'repository', 'organization', 'installation', 'enterprise', 'action'];

export function looksLikeGitHub(body: JsonObject): boolean {
  return COMMON.some((key) => has(body, key));
}
