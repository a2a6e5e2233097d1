import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DeliveryOrigin, Disposition } from '../model/delivery.ts';
import type { SourceStatus } from '../model/evidence.ts';
import type { Outcome, Usage } from '../model/outcome.ts';
import { isTerminal, type Remediation } from '../model/remediation.ts';
import { type Gauges, registerGauges } from './gauges.ts';
import { createLabelGuard } from './label-guard.ts';

/** What one step of a remediation's life did, as the machine tells its listeners. */
export interface RemediationStep {
  readonly before: Remediation | null;
  readonly after: Remediation;
}

/** Facts in, numbers out. Every name and label is CONTRACT section 9's; no label holds a sha, a run id or a PR number. */
export interface Metrics {
  /** A delivery got its final word. Call once, after the commit. */
  deliveryDecided(origin: DeliveryOrigin, event: string | null, disposition: Disposition): void;
  /** A delivery was not taken: a stable word such as `unauthenticated`, `invalid`, `too_large`, `queue_full`. */
  deliveryRejected(reason: string): void;
  /** A remediation changed; counts attempts and ends that are new in it. Call once a step, after the commit. */
  remediationChanged(step: RemediationStep): void;
  attemptEnded(agent: string, outcome: Outcome): void;
  remediationEnded(remediation: Remediation): void;
  spent(agent: string, repository: string, usage: Usage): void;
  classified(durationMs: number): void;
  contextAsked(source: string, status: SourceStatus, durationMs: number): void;
  reconciled(result: string, durationMs: number): void;
  githubRateLimitRemaining(requests: number): void;
  leader(isLeader: boolean): void;
  /** Hands over where to read the seconds since the Kubernetes API was last heard, at each scrape; null while unknown. */
  watchSilence(read: () => number | null): void;
  /** A message to people was sent, failed (and is tried again), or was given up. */
  notified(notifier: string, result: string): void;
  readonly registry: Registry;
  /** The text Prometheus scrapes. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface MetricsOptions extends Gauges {
  readonly version: string;
}

/** Seconds. A repair is a matter of minutes; the goal is a median below 15 (CONTRACT section 9). */
const FIX_BUCKETS = [30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];
/** Seconds. Sources of context have budgets of a few seconds each. */
const CONTEXT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];
/** Seconds. Classifying reads some megabytes at most. */
const CLASSIFY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** More event names or repositories than this share one series. */
const MAX_EVENTS = 60;
const MAX_REPOSITORIES = 500;
const MAX_WORDS = 60;

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerGauges(registry, options);
  new Gauge({
    name: 'healer_build_info',
    help: 'Always 1; the labels say which build this is.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version: options.version, node: process.versions.node }, 1);
  return {
    ...deliveryMetrics(registry),
    ...remediationMetrics(registry),
    ...workMetrics(registry),
    ...lateGauges(registry),
    registry,
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function counter<T extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly T[],
): Counter<T> {
  return new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
}

function deliveryMetrics(registry: Registry): Pick<Metrics, 'deliveryDecided' | 'deliveryRejected'> {
  const deliveries = counter(registry, 'healer_deliveries_total', 'Deliveries that got their final word.', [
    'source',
    'event',
    'disposition',
  ]);
  const dispositions = counter(registry, 'healer_dispositions_total', 'Final words on deliveries, by reason code.', [
    'reason',
  ]);
  const dedup = counter(registry, 'healer_dedup_total', 'What deduplication said of deliveries.', ['status']);
  const rejected = counter(registry, 'healer_delivery_rejected_total', 'Deliveries that were not taken.', ['reason']);
  const event = createLabelGuard(MAX_EVENTS);
  const word = createLabelGuard(MAX_WORDS);
  return {
    deliveryDecided(origin, name, disposition) {
      deliveries.inc({ source: origin, event: event(name ?? 'none'), disposition: disposition.status });
      dispositions.inc({ reason: disposition.reason.code });
      dedup.inc({ status: disposition.dedupStatus });
    },
    deliveryRejected: (reason) => rejected.inc({ reason: word(reason) }),
  };
}

function remediationMetrics(
  registry: Registry,
): Pick<Metrics, 'remediationChanged' | 'remediationEnded' | 'attemptEnded' | 'spent'> {
  const remediations = counter(registry, 'healer_remediations_total', 'Remediations that ended.', [
    'agent',
    'failure_type',
    'result',
  ]);
  const attempts = counter(registry, 'healer_attempts_total', 'Attempts that ended.', ['agent', 'outcome']);
  const escalations = counter(registry, 'healer_escalations_total', 'Remediations handed over to people.', ['reason']);
  const cost = counter(registry, 'healer_cost_usd_total', 'What agents reported to have cost, in US dollars.', [
    'agent',
    'repository',
  ]);
  const fixedAt = counter(registry, 'healer_fixed_at_attempt_total', 'Successes, by the attempt that brought them.', [
    'agent',
    'attempt',
  ]);
  const mismatches = counter(
    registry,
    'healer_routing_mismatch_total',
    'Successes of another agent than the one that was asked first.',
    ['from', 'to'],
  );
  const timeToFix = new Histogram({
    name: 'healer_time_to_fix_seconds',
    help: 'From the opening of a remediation to its verified green.',
    labelNames: ['agent'],
    buckets: FIX_BUCKETS,
    registers: [registry],
  });
  const agentLabel = createLabelGuard(MAX_WORDS);
  const repositoryLabel = createLabelGuard(MAX_REPOSITORIES);

  const metrics: Pick<Metrics, 'remediationChanged' | 'remediationEnded' | 'attemptEnded' | 'spent'> = {
    attemptEnded: (agent, outcome) => attempts.inc({ agent: agentLabel(agent), outcome }),
    spent: (agent, repository, usage) =>
      cost.inc({ agent: agentLabel(agent), repository: repositoryLabel(repository) }, Math.max(0, usage.costUsd)),
    remediationEnded(remediation) {
      const agent = agentLabel(remediation.agent ?? 'none');
      remediations.inc({ agent, failure_type: remediation.failureType ?? 'none', result: remediation.phase });
      if (remediation.phase === 'escalated') escalations.inc({ reason: remediation.reason?.code ?? 'none' });
      if (remediation.phase !== 'succeeded' || remediation.endedAt === null) return;
      timeToFix.observe({ agent }, (remediation.endedAt - remediation.createdAt) / 1000);
      const held = remediation.attempts.findLast(({ outcome }) => outcome === 'success');
      fixedAt.inc({ agent, attempt: held === undefined ? 'none' : String(held.number) });
      const first = remediation.attempts.find(({ outcome }) => outcome !== 'infrastructure');
      if (held === undefined || first === undefined || held.agent === first.agent) return;
      mismatches.inc({ from: agentLabel(first.agent), to: agentLabel(held.agent) });
    },
    remediationChanged({ before, after }) {
      for (const attempt of after.attempts) {
        const known = before?.attempts.find((candidate) => candidate.ordinal === attempt.ordinal);
        if (attempt.outcome !== null && (known?.outcome ?? null) === null)
          metrics.attemptEnded(attempt.agent, attempt.outcome);
        const usage = attempt.report?.usage ?? null;
        if (usage !== null && (known?.report?.usage ?? null) === null)
          metrics.spent(attempt.agent, after.repository, usage);
      }
      if (isTerminal(after.phase) && (before === null || !isTerminal(before.phase))) metrics.remediationEnded(after);
    },
  };
  return metrics;
}

function workMetrics(registry: Registry): Pick<Metrics, 'classified' | 'contextAsked' | 'reconciled' | 'notified'> {
  const histogram = <T extends string>(name: string, help: string, labelNames: readonly T[], buckets: number[]) =>
    new Histogram({ name, help, labelNames: [...labelNames], buckets, registers: [registry] });
  const classify = histogram('healer_classify_duration_seconds', 'Time to classify one log.', [], CLASSIFY_BUCKETS);
  const context = histogram(
    'healer_context_duration_seconds',
    'Time that one source of context took to answer.',
    ['source', 'status'],
    CONTEXT_BUCKETS,
  );
  const reconcile = histogram(
    'healer_reconcile_duration_seconds',
    'Time of one look at a CodeRun.',
    ['result'],
    RECONCILE_BUCKETS,
  );
  const notifications = counter(registry, 'healer_notifications_total', 'Messages to people, by what became of them.', [
    'notifier',
    'result',
  ]);
  const source = createLabelGuard(MAX_WORDS);
  const result = createLabelGuard(MAX_WORDS);
  return {
    notified: (notifier, result) => notifications.inc({ notifier, result }),
    classified: (durationMs) => classify.observe(durationMs / 1000),
    contextAsked: (name, status, durationMs) => context.observe({ source: source(name), status }, durationMs / 1000),
    reconciled: (name, durationMs) => reconcile.observe({ result: result(name) }, durationMs / 1000),
  };
}

/** Gauges that do not exist until there is something to say: a 0 that nobody measured would set off alerts. */
function lateGauges(registry: Registry): Pick<Metrics, 'githubRateLimitRemaining' | 'leader' | 'watchSilence'> {
  const set = (name: string, help: string) => (value: number) => {
    const known = registry.getSingleMetric(name) as Gauge | undefined;
    (known ?? new Gauge({ name, help, registers: [registry] })).set(value);
  };
  const leader = set('healer_leader', '1 while this process leads the reconciling.');
  return {
    githubRateLimitRemaining: set(
      'healer_github_rate_limit_remaining',
      'Requests left of GitHub’s rate limit, as its last answer said.',
    ),
    leader: (isLeader) => leader(isLeader ? 1 : 0),
    watchSilence: (read) => {
      new Gauge({
        name: 'healer_watch_last_event_seconds',
        help: 'Seconds since the watch of CodeRuns heard anything from the Kubernetes API.',
        registers: [registry],
        collect() {
          const seconds = read();
          if (seconds === null) this.remove();
          else this.set(seconds);
        },
      });
    },
  };
}
