import { describe, expect, it } from 'vitest';
import { type ClusterEvent, clusterEvent, howOften, lastSeen, latestFirst } from '../../src/brief/cluster-event.ts';

const event = (fields: Partial<ClusterEvent>): ClusterEvent => clusterEvent.parse(fields);

describe('an Event of Kubernetes', () => {
  it.each<[what: string, fields: Partial<ClusterEvent>, seen: string, often: string]>([
    ['by the older API', { lastTimestamp: '2026-11-20T11:00:00Z', count: 3 }, '2026-11-20T11:00:00Z', ' (3 times)'],
    [
      'by the newer API, as a series',
      {
        eventTime: '2026-11-20T10:00:00.000000Z',
        lastTimestamp: null,
        series: { count: 7, lastObservedTime: '2026-11-20T11:30:00Z' },
      },
      '2026-11-20T11:30:00Z',
      ' (7 times)',
    ],
    ['by the newer API, once', { eventTime: '2026-11-20T10:00:00Z', count: null }, '2026-11-20T10:00:00Z', ''],
    [
      'that says only when it was made',
      { metadata: { creationTimestamp: '2026-11-20T09:00:00Z' } },
      '2026-11-20T09:00:00Z',
      '',
    ],
    ['that says nothing', {}, '', ''],
  ])('%s has its time and its count', (_, fields, seen, often) => {
    expect([lastSeen(event(fields)), howOften(event(fields))]).toEqual([seen, often]);
  });

  it('is told before an older one, whichever field says when', () => {
    const [old, young] = [
      event({ lastTimestamp: '2026-11-20T10:00:00Z' }),
      event({ eventTime: '2026-11-20T11:00:00Z' }),
    ];
    expect(latestFirst([old, young])).toEqual([young, old]);
  });
});
