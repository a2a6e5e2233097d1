import type { Reason } from './reason.ts';

/** What arrived, byte for byte, before anybody looked inside. */
export interface Delivery {
  /** ULID, given at arrival. */
  readonly id: string;
  /** Which door it came through. */
  readonly origin: DeliveryOrigin;
  /** The event type as the sender named it (`X-GitHub-Event`), or as the body's shape tells; null when neither does. */
  readonly event: string | null;
  /** The sender's own id (`X-GitHub-Delivery`); forgeable, so `digest` is a second key. */
  readonly externalId: string | null;
  /** SHA-256 of the body, hex. */
  readonly digest: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly body: Uint8Array;
}

/** The last part of the path it was posted to. */
export const DELIVERY_ORIGINS = [
  'ci-failure',
  'security-alert',
  'review',
  'command',
  'play-failure',
  'platform-alert',
  'workflow-alert',
  'github',
] as const;

export type DeliveryOrigin = (typeof DELIVERY_ORIGINS)[number];

export type DispositionStatus = 'accepted' | 'skipped' | 'ignored';
export type DedupStatus = 'new' | 'existing' | 'skipped';

/** The final word on a delivery. */
export interface Disposition {
  readonly status: DispositionStatus;
  readonly dedupStatus: DedupStatus;
  readonly remediationId: string | null;
  readonly reason: Reason;
}
