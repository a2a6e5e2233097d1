import type { DeliveryOrigin } from '../model/delivery.ts';
import type { SourceName } from './sources/index.ts';

/** A path that takes deliveries. */
export interface Door {
  readonly path: string;
  readonly origin: DeliveryOrigin;
  /** Who speaks at this door, whether directly or carried by somebody else. */
  readonly source: SourceName;
  /** `token`: a bearer token; `signature`: GitHub's signature over the raw bytes. */
  readonly auth: 'token' | 'signature';
  /** Event types that are let through; another type is kept and ignored. */
  readonly events: readonly string[] | 'any';
}

const CI = ['workflow_job', 'workflow_run', 'check_run', 'check_suite', 'status'];
/** What tells that a remediation's branch moved or went away; a sensor sends it to the same door. */
const TRACKING = ['pull_request', 'push', 'delete'];

/** Every door, one row each (docs: CONTRACT section 2). */
export const DOORS: readonly Door[] = [
  {
    path: '/api/remediate/ci-failure',
    origin: 'ci-failure',
    source: 'github',
    auth: 'token',
    events: [...CI, ...TRACKING, 'ping'],
  },
  {
    path: '/api/remediate/command',
    origin: 'command',
    source: 'github',
    auth: 'token',
    events: ['issue_comment', 'ping'],
  },
  { path: '/api/webhooks/github', origin: 'github', source: 'github', auth: 'signature', events: 'any' },
];

/** The door a stored delivery came through; undefined for an origin that is not served. */
export function doorOf(origin: DeliveryOrigin): Door | undefined {
  return DOORS.find((door) => door.origin === origin);
}
