import { describe, expect, it } from 'vitest';
import type { Reason } from '../../../src/model/reason.ts';
import type { Remediation } from '../../../src/model/remediation.ts';
import { traceparentOf } from '../../../src/report/traces/index.ts';
import { gatherSpanId, rootSpanId, type SpanRecord } from '../../../src/report/traces/span.ts';
import { spanOfFinding, spansOfDelivery, spansOfStep } from '../../../src/report/traces/story.ts';
import { aRemediation } from '../../support/builders.ts';
import { NOON } from '../../support/clock.ts';

const reason: Reason = { code: 'attempts_spent', detail: 'Three attempts did not do it.' };

/** The spans of a step between two states, by name. */
function spansBetween(before: Partial<Remediation>, after: Partial<Remediation>): Record<string, SpanRecord> {
  const spans = spansOfStep({ before: aRemediation(before), after: aRemediation(after), fact: null });
  return Object.fromEntries(spans.map((span) => [span.name, span]));
}

describe('the spans of a step', () => {
  it('are none while a phase goes on, and none for an opening', () => {
    expect(spansBetween({ phase: 'gathering' }, { phase: 'gathering', updatedAt: NOON + 5 })).toEqual({});
    expect(spansOfStep({ before: null, after: aRemediation(), fact: null })).toEqual([]);
  });

  it('tell how long a phase took, under the whole repair', () => {
    const [since, until] = [NOON + 1_000, NOON + 4_000];
    const { gather } = spansBetween(
      { phase: 'gathering', phaseSince: since },
      { phase: 'working', phaseSince: until, updatedAt: until },
    );
    const { id } = aRemediation();
    expect(gather).toMatchObject({ startedAt: since, endedAt: until, parentSpanId: rootSpanId(id), error: null });
    expect(gather?.spanId).toBe(gatherSpanId(id, since));
    expect(gather?.attributes['healer.next_phase']).toBe('working');
  });

  it('say what went wrong when people are asked', () => {
    const end = { phase: 'escalated', reason, updatedAt: NOON + 9_000, endedAt: NOON + 9_000 } as const;
    const { remediation, verify } = spansBetween({ phase: 'verifying', phaseSince: NOON }, end);
    expect([remediation?.error, verify?.error]).toEqual([reason.detail, reason.detail]);
    expect(remediation).toMatchObject({
      parentSpanId: null,
      startedAt: aRemediation().createdAt,
      endedAt: NOON + 9_000,
    });
    expect(remediation?.attributes['healer.reason']).toBe('attempts_spent');
  });

  it('are the same again when the same step is told twice', () => {
    const step = [{ phase: 'gathering' }, { phase: 'cancelled', reason, endedAt: NOON }] as const;
    expect(spansBetween(...step)).toEqual(spansBetween(...step));
  });
});

it('a source that failed is an error inside of its gathering; one that found nothing is none', () => {
  const remediation = aRemediation({ phase: 'gathering', phaseSince: NOON });
  const finding = {
    source: 'loki',
    durationMs: 250,
    summary: 'Gave no answer.',
    body: null,
    url: null,
    truncated: false,
  };
  const late = spanOfFinding(remediation, { ...finding, status: 'timed_out' }, NOON + 400);
  expect(late).toMatchObject({
    name: 'context.loki',
    startedAt: NOON + 150,
    endedAt: NOON + 400,
    error: 'Gave no answer.',
  });
  expect(late.parentSpanId).toBe(gatherSpanId(remediation.id, NOON));
  expect(spanOfFinding(remediation, { ...finding, status: 'empty' }, NOON).error).toBeNull();
});

it('a delivery that leads nowhere has a trace of its own', () => {
  const delivery = {
    id: 'd1',
    origin: 'github',
    event: 'push\nx',
    externalId: null,
    digest: '',
    receivedAt: NOON,
  } as const;
  const disposition = { status: 'ignored', dedupStatus: 'skipped', remediationId: null, reason } as const;
  const [receive, decide] = spansOfDelivery(
    { ...delivery, body: new Uint8Array() },
    disposition,
    { from: NOON + 1, to: NOON + 2 },
    NOON + 3,
  );
  expect(receive).toMatchObject({ parentSpanId: null, startedAt: NOON, endedAt: NOON + 3 });
  expect(receive?.attributes['healer.event']).toBe('push x');
  expect(decide).toMatchObject({ traceId: receive?.traceId, parentSpanId: receive?.spanId, startedAt: NOON + 1 });
});

it('an agent gets a valid traceparent', () => {
  expect(traceparentOf('01JD0000000000000000000001', 2)).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/);
});
