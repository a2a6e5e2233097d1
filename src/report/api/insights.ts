import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { FAILURE_TYPE_NAMES } from '../../model/failure-type.ts';
import type { AgentInsight, Insights, Measure, Target } from '../../model/insights.ts';
import type { ReportDeps } from './deps.ts';
import { check, documented, sendJson } from './documented.ts';
import { time } from './views.ts';

const DAY = 86_400_000;
/** How far back insights look unless told. */
const DEFAULT_SPAN_MS = 30 * DAY;

const value = z.number().nullable().describe('Null when the sample is empty');
const sample = z.int().describe('How many cases the value was taken from');
const measure = z.object({ value, sample });
const target = measure.extend({
  target: z.number(),
  better: z.enum(['above', 'below']).describe('Whether the value should be above the target or below it'),
  met: z.boolean().nullable().describe('Null when the sample is empty'),
});
const failureType = z.enum(FAILURE_TYPE_NAMES as [string, ...string[]]);
const agentFields = {
  agent: z.string(),
  success: measure.describe('Of the attempts that count'),
  first_attempt: measure.describe('Of first attempts'),
  cost_usd: z.number().nullable().describe('Null when no attempt reported its cost'),
};

const correctionSchema = z.object({
  rule: z.string(),
  failure_type: failureType,
  from: z.string(),
  to: z.string(),
  evidence: z.object({ from: measure, to: measure }).describe('Attempts under this rule, by each of both'),
  yaml: z.string().describe('The change to the rule, as it would stand in routing-rules/'),
});

export const insightsSchema = z
  .object({
    since: z.string().describe('RFC 3339, UTC'),
    until: z.string().describe('RFC 3339, UTC'),
    targets: z.object({
      correct_routing: target.describe('Repairs made by the agent whom the rules had named'),
      duplicates_prevented: target.describe('Known failures that were joined instead of opened again'),
      time_to_fix_p50_seconds: target.describe('From opening to verified green'),
      fixed_at_first_attempt: target.describe('Of the remediations for which an agent was sent'),
      fixed_within_three: target,
      escalated: target,
      deliveries_lost: target.describe('Still undecided ten minutes after they came; the sample is all that came'),
    }),
    time_to_fix_p90_seconds: measure,
    cost_per_fix_usd: measure.extend({
      total_usd: z.number(),
      attempts_without_cost: z.int().describe('Attempts that reported no cost and are not in it'),
    }),
    cost_per_merged_fix_usd: measure.describe('All that attempts cost over the repairs that people merged'),
    by_agent: z.array(z.object(agentFields)),
    by_failure_type: z.array(
      z.object({
        failure_type: failureType,
        fixed_at_first_attempt: measure,
        fixed_within_three: measure,
        escalated: measure,
      }),
    ),
    by_agent_and_failure_type: z.array(z.object({ ...agentFields, failure_type: failureType })),
    escalations: z.array(z.object({ reason: z.string(), count: z.int() })),
    routing_corrections: z.array(correctionSchema).describe('Proposed to people; nothing changes by itself'),
  })
  .describe('What ended in the span, and how well.');

export type InsightsView = z.infer<typeof insightsSchema>;

export const insightsQuery = z.strictObject({
  since: z.iso
    .datetime({ offset: true })
    .or(z.iso.date())
    .optional()
    .describe('What ended at or after; RFC 3339 or a date; thirty days back unless told'),
});

/** What Healer did and how well: for people, dashboards and `healer insights`. */
export function insightsRoutes(app: FastifyInstance, deps: ReportDeps): void {
  app.get(
    '/api/insights',
    {
      preHandler: deps.authorizeRead,
      schema: documented({
        operationId: 'getInsights',
        summary: 'How well repairs went, what they cost, and which routing rules experience speaks against',
        tag: 'service',
        query: insightsQuery,
        answers: { 200: insightsSchema },
        token: 'read',
      }),
    },
    async (request, reply) => {
      const { since } = check(insightsQuery, request.query, 'query');
      const from = since === undefined ? deps.clock() - DEFAULT_SPAN_MS : Date.parse(since);
      return sendJson(reply, insightsView(await deps.insights(from)));
    },
  );
}

function insightsView(insights: Insights): InsightsView {
  const { targets, costPerFix } = insights;
  return {
    since: time(insights.since),
    until: time(insights.until),
    targets: {
      correct_routing: targetView(targets.correctRouting),
      duplicates_prevented: targetView(targets.duplicatesPrevented),
      time_to_fix_p50_seconds: targetView(inSeconds(targets.timeToFixP50)),
      fixed_at_first_attempt: targetView(targets.fixedAtFirstAttempt),
      fixed_within_three: targetView(targets.fixedWithinThree),
      escalated: targetView(targets.escalated),
      deliveries_lost: targetView(targets.deliveriesLost),
    },
    time_to_fix_p90_seconds: measureView({ ...insights.timeToFixP90, value: seconds(insights.timeToFixP90.value) }),
    cost_per_fix_usd: {
      ...measureView(costPerFix),
      total_usd: costPerFix.total,
      attempts_without_cost: costPerFix.attemptsWithoutCost,
    },
    cost_per_merged_fix_usd: measureView(insights.costPerMergedFix),
    by_agent: insights.byAgent.map(agentView),
    by_failure_type: insights.byFailureType.map((type) => ({
      failure_type: type.failureType,
      fixed_at_first_attempt: measureView(type.fixedAtFirstAttempt),
      fixed_within_three: measureView(type.fixedWithinThree),
      escalated: measureView(type.escalated),
    })),
    by_agent_and_failure_type: insights.byAgentAndFailureType.map((both) => ({
      ...agentView(both),
      failure_type: both.failureType,
    })),
    escalations: insights.escalations.map(({ reason, count }) => ({ reason, count })),
    routing_corrections: insights.corrections.map(({ failureType: type, evidence, ...correction }) => ({
      ...correction,
      failure_type: type,
      evidence: { from: measureView(evidence.from), to: measureView(evidence.to) },
    })),
  };
}

function agentView({ agent, success, firstAttempt, cost }: AgentInsight) {
  return { agent, success: measureView(success), first_attempt: measureView(firstAttempt), cost_usd: cost };
}

function measureView({ value: is, sample: of }: Measure) {
  return { value: is, sample: of };
}

/** A share that is to be above its target has to be at least as large: all of them is all that can be. */
function targetView(measured: Target): InsightsView['targets']['escalated'] {
  const { value: is, target: wanted, better } = measured;
  const met = is === null ? null : better === 'above' ? is >= wanted : is <= wanted;
  return { ...measureView(measured), target: wanted, better, met };
}

function inSeconds(measured: Target): Target {
  return { ...measured, value: seconds(measured.value), target: measured.target / 1_000 };
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
