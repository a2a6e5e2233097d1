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
  /** The type of every body at this door, where senders do not name it; null where they do. */
  readonly event: string | null;
}

const github = { source: 'github', auth: 'token', event: null } as const;

/**
 * Every door, one row each (docs: CONTRACT section 2). The doors for GitHub's events differ in their paths, by which
 * sensors and people tell them apart, and in nothing else: a body that came to the wrong one first would otherwise be
 * settled as ignored, and be a duplicate at the right one.
 */
export const DOORS: readonly Door[] = [
  { ...github, path: '/api/remediate/ci-failure', origin: 'ci-failure' },
  { ...github, path: '/api/remediate/security-alert', origin: 'security-alert' },
  { ...github, path: '/api/remediate/review', origin: 'review' },
  { ...github, path: '/api/remediate/command', origin: 'command' },
  {
    path: '/api/remediate/play-failure',
    origin: 'play-failure',
    source: 'play',
    auth: 'token',
    event: 'play_failure',
  },
  {
    path: '/api/alerts/platform',
    origin: 'platform-alert',
    source: 'alertmanager',
    auth: 'token',
    event: 'platform_alert',
  },
  {
    path: '/api/alerts/workflows',
    origin: 'workflow-alert',
    source: 'alertmanager',
    auth: 'token',
    event: 'workflow_alert',
  },
  { ...github, path: '/api/webhooks/github', origin: 'github', auth: 'signature' },
];

/** The door a stored delivery came through; undefined for an origin that is not served. */
export function doorOf(origin: DeliveryOrigin): Door | undefined {
  return DOORS.find((door) => door.origin === origin);
}
