import { z } from 'zod';

const text = z.string().nullish();

/**
 * An Event of Kubernetes (`core/v1`), as far as a brief tells of it. Who writes by the newer API `events.k8s.io` leaves the
 * older fields empty: counts and times stand in `series` then, or only in `eventTime`.
 */
export const clusterEvent = z.object({
  metadata: z.object({ creationTimestamp: text }).nullish(),
  involvedObject: z.object({ kind: text, name: text }).nullish(),
  type: text,
  reason: text,
  message: text,
  count: z.number().nullish(),
  lastTimestamp: text,
  eventTime: text,
  series: z.object({ count: z.number().nullish(), lastObservedTime: text }).nullish(),
});

export type ClusterEvent = z.output<typeof clusterEvent>;

/** When it happened last, RFC 3339; empty when it does not say. */
export function lastSeen({ series, lastTimestamp, eventTime, metadata }: ClusterEvent): string {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? '';
}

/** ` (3 times)`; empty for what happened once. */
export function howOften({ series, count }: ClusterEvent): string {
  const times = series?.count ?? count ?? 1;
  return times > 1 ? ` (${times} times)` : '';
}

/** The last one first. */
export function latestFirst(events: readonly ClusterEvent[]): readonly ClusterEvent[] {
  return events.toSorted((a, b) => lastSeen(b).localeCompare(lastSeen(a)));
}
