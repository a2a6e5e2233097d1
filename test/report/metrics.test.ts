import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reason } from '../../src/model/reason.ts';
import type { Attempt } from '../../src/model/remediation.ts';
import { createMetrics, type Metrics } from '../../src/report/metrics.ts';
import type { Store } from '../../src/store/open.ts';
import { setPaused } from '../../src/store/pauses.ts';
import { accepted, addDelivery, addSeed, MINUTE, makeAttempt, makeRemediation, NOW, openSeeded, ulid } from './seed.ts';

let store: Store;
let metrics: Metrics;
let now = NOW;

beforeEach(async () => {
  now = NOW;
  store = await openSeeded();
  metrics = createMetrics({ store, clock: () => now, version: '0.1.0' });
});
afterEach(() => store.close());

/** The samples of a metric, without its comments. */
async function samples(name: string): Promise<readonly string[]> {
  const { text } = await metrics.render();
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('metrics', () => {
  it('count a delivery by source, event, final word and reason', async () => {
    metrics.deliveryDecided('ci-failure', 'workflow_job', accepted(ulid(1)));
    expect(await samples('healer_deliveries_total')).toEqual([
      'healer_deliveries_total{source="ci-failure",event="workflow_job",disposition="accepted"} 1',
    ]);
    expect(await samples('healer_dispositions_total')).toEqual(['healer_dispositions_total{reason="new_failure"} 1']);
    expect(await samples('healer_dedup_total')).toEqual(['healer_dedup_total{status="new"} 1']);
  });

  it('give event names from outside a bounded number of series', async () => {
    for (let n = 0; n < 500; n += 1) metrics.deliveryDecided('github', `event-${n}`, accepted(null));
    const lines = await samples('healer_deliveries_total');
    expect(lines.length).toBeLessThan(100);
    expect(lines.join('\n')).toMatch(/event="other",disposition="accepted"} 4\d\d$/);
  });

  it('count an attempt once, when its outcome is new', async () => {
    const before = makeRemediation({ phase: 'verifying', attempts: [makeAttempt()] });
    const after = makeRemediation({ phase: 'retrying', attempts: [makeAttempt({ outcome: 'ci_still_failing' })] });
    metrics.remediationChanged({ before, after });
    metrics.remediationChanged({ before: after, after: { ...after, phase: 'gathering' } });
    expect(await samples('healer_attempts_total')).toEqual([
      'healer_attempts_total{agent="rex",outcome="ci_still_failing"} 1',
    ]);
  });

  it('count a success with the time from opening to green', async () => {
    const after = makeRemediation({ phase: 'succeeded', createdAt: NOW - 10 * MINUTE, endedAt: NOW });
    metrics.remediationChanged({ before: makeRemediation({ phase: 'verifying' }), after });
    expect(await samples('healer_remediations_total')).toEqual([
      'healer_remediations_total{agent="rex",failure_type="rust_clippy",result="succeeded"} 1',
    ]);
    expect(await samples('healer_time_to_fix_seconds_sum')).toEqual([
      'healer_time_to_fix_seconds_sum{agent="rex"} 600',
    ]);
  });

  it('tell at which attempt a repair held, and when another agent than the first had to do it', async () => {
    const first = makeAttempt({ outcome: 'ci_still_failing', agent: 'atlas' });
    const second = makeAttempt({ ordinal: 2, number: 2, outcome: 'success', agent: 'rex' });
    const verifying = makeRemediation({ phase: 'verifying' });
    const held = (attempts: readonly Attempt[]) => ({
      before: verifying,
      after: makeRemediation({ phase: 'succeeded', endedAt: NOW, attempts }),
    });
    metrics.remediationChanged(held([first, second]));
    metrics.remediationChanged(held([{ ...second, number: 1 }]));
    expect(await samples('healer_fixed_at_attempt_total')).toEqual([
      'healer_fixed_at_attempt_total{agent="rex",attempt="2"} 1',
      'healer_fixed_at_attempt_total{agent="rex",attempt="1"} 1',
    ]);
    expect(await samples('healer_routing_mismatch_total')).toEqual([
      'healer_routing_mismatch_total{from="atlas",to="rex"} 1',
    ]);
  });

  it('say which state the breaker is in, and nothing where nobody knows', async () => {
    expect(await samples('healer_breaker')).toEqual([]);
    const breaker = async () => 'open' as const;
    metrics = createMetrics({ store, clock: () => now, version: '0.1.0', breaker });
    expect(await samples('healer_breaker{')).toEqual([
      'healer_breaker{state="closed"} 0',
      'healer_breaker{state="half_open"} 0',
      'healer_breaker{state="open"} 1',
    ]);
  });

  it('count an escalation by its reason and no time to fix', async () => {
    const after = makeRemediation({ phase: 'escalated', endedAt: NOW, reason: reason('attempts_spent') });
    metrics.remediationChanged({ before: makeRemediation({ phase: 'verifying' }), after });
    expect(await samples('healer_escalations_total')).toEqual(['healer_escalations_total{reason="attempts_spent"} 1']);
    expect(await samples('healer_time_to_fix_seconds_count')).toEqual([]);
  });

  it('add up what agents reported to have cost, once a report', async () => {
    const report = {
      status: 'fixed' as const,
      summary: 'done',
      commitSha: 'abc',
      pullRequestUrl: null,
      usage: { inputTokens: 1, outputTokens: 2, costUsd: 0.25 },
    };
    const before = makeRemediation({ phase: 'working', attempts: [makeAttempt()] });
    const verifying = makeRemediation({ phase: 'verifying', attempts: [makeAttempt({ report })] });
    metrics.remediationChanged({ before, after: verifying });
    metrics.remediationChanged({ before: verifying, after: { ...verifying, phase: 'succeeded', endedAt: NOW } });
    expect(await samples('healer_cost_usd_total')).toEqual([
      'healer_cost_usd_total{agent="rex",repository="acme/shop"} 0.25',
    ]);
  });

  it('observe durations in seconds', async () => {
    metrics.classified(20);
    metrics.contextAsked('github-logs', 'timed_out', 5_000);
    metrics.reconciled('unchanged', 4);
    expect(await samples('healer_classify_duration_seconds_sum')).toEqual([
      'healer_classify_duration_seconds_sum 0.02',
    ]);
    expect(await samples('healer_context_duration_seconds_sum')).toEqual([
      'healer_context_duration_seconds_sum{source="github-logs",status="timed_out"} 5',
    ]);
    expect(await samples('healer_reconcile_duration_seconds_sum')).toEqual([
      'healer_reconcile_duration_seconds_sum{result="unchanged"} 0.004',
    ]);
  });

  it('read live remediations, the oldest undecided delivery and pauses from the store when they are scraped', async () => {
    await addSeed(store, { remediation: makeRemediation({ phase: 'working' }) });
    await addSeed(store, { remediation: makeRemediation({ id: ulid(2), taskId: 'ci-2', phase: 'succeeded' }) });
    await addDelivery(store, { n: 3, disposition: null });
    await setPaused(store.db, 'acme/shop', true, 'ada', NOW);
    const live = await samples('healer_remediations_live');
    expect(live).toContain('healer_remediations_live{phase="working"} 1');
    expect(live).toContain('healer_remediations_live{phase="gathering"} 0');
    expect(live.join()).not.toContain('succeeded');
    expect(await samples('healer_delivery_oldest_unprocessed_seconds')).toEqual([
      'healer_delivery_oldest_unprocessed_seconds 180',
    ]);
    expect(await samples('healer_paused')).toEqual([
      'healer_paused{scope="everywhere"} 0',
      'healer_paused{scope="repository"} 1',
    ]);
  });

  it('count the embedded engine’s CodeRuns by phase', async () => {
    const row = { generation: 1, resource_version: 1, labels: '{}', annotations: '{}', spec: '{}', active: 1 };
    const values = (name: string, status: object) => ({
      ...row,
      name,
      uid: name,
      status: JSON.stringify(status),
      cancel_requested: 0,
      created_at: NOW,
      updated_at: NOW,
    });
    await store.db
      .insertInto('coderuns')
      .values([values('a', { phase: 'Running' }), values('b', { phase: 'Running' }), values('c', {})])
      .execute();
    const lines = await samples('healer_coderuns');
    expect(lines).toContain('healer_coderuns{phase="Running"} 2');
    expect(lines).toContain('healer_coderuns{phase="Pending"} 1');
  });

  it('serve the same reading of the store for a short while', async () => {
    expect(await samples('healer_remediations_live')).toContain('healer_remediations_live{phase="received"} 0');
    await addSeed(store, { remediation: makeRemediation() });
    expect(await samples('healer_remediations_live')).toContain('healer_remediations_live{phase="received"} 0');
    now += 6_000;
    expect(await samples('healer_remediations_live')).toContain('healer_remediations_live{phase="received"} 1');
  });

  it('still tell about the process when the store cannot be read', async () => {
    const broken = { ...store, db: store.db.withSchema('nowhere') } as Store;
    metrics = createMetrics({ store: broken, clock: () => now, version: '0.1.0' });
    expect(await samples('healer_remediations_live')).toEqual([]);
    expect(await samples('healer_delivery_oldest_unprocessed_seconds')).toEqual([]);
    expect(await samples('healer_build_info')).toHaveLength(1);
    expect(await samples('process_start_time_seconds')).toHaveLength(1);
  });

  it('say nothing of leader and rate limit before anybody knows', async () => {
    expect(await samples('healer_leader')).toEqual([]);
    metrics.leader(true);
    metrics.leader(false);
    metrics.githubRateLimitRemaining(4_990);
    expect(await samples('healer_leader')).toEqual(['healer_leader 0']);
    expect(await samples('healer_github_rate_limit_remaining')).toEqual(['healer_github_rate_limit_remaining 4990']);
  });

  it('have no label for a sha, a run or a pull request', async () => {
    const after = makeRemediation({
      phase: 'escalated',
      endedAt: NOW,
      attempts: [makeAttempt({ outcome: 'timeout' })],
    });
    metrics.remediationChanged({ before: null, after });
    const labels = (await samples('healer_')).map((line) => /\{.*\}/.exec(line)?.[0] ?? '').join('\n');
    expect(labels).toContain('rust_clippy');
    for (const value of [after.headSha, String(after.runId), after.taskId, '482']) expect(labels).not.toContain(value);
  });
});
