import { z } from 'zod';
import { bodyOf } from './answers.ts';
import { READS, type Tool, tool } from './tool.ts';

const DAY = 86_400_000;
/** The log of a job that a model hands over; longer ones are for `healer classify`, which reads files of any size. */
const MAX_LOG = 4_000_000;

const log = z.string().min(1).max(MAX_LOG);
const name = z.string().trim().min(1).max(300);

export const classifyLog: Tool = tool({
  name: 'classify_log',
  title: 'Say what broke in a log',
  description:
    'Reads the log of a failed CI job and says what broke (failure_type), who should repair it (agent), how sure that is, the lines that show it, and an excerpt. Nothing is stored or started. Names of workflow, job, failed steps and changed files make it surer.',
  input: z.strictObject({
    log: log.describe('The text of the log, as CI wrote it'),
    workflow: name.optional().describe('Name of the workflow'),
    job: name.optional().describe('Name of the job'),
    failed_steps: z.array(name).max(50).default([]).describe('Names of the steps that failed'),
    changed_files: z.array(z.string().max(1024)).max(3000).default([]).describe('Paths that the change touches'),
    max_lines: z.int().min(5).max(1000).default(150).describe('Lines of the excerpt'),
  }),
  annotations: READS,
  async run(given, { decisions }) {
    const found = decisions.classify({
      log: given.log,
      workflow: given.workflow ?? null,
      job: given.job ?? null,
      failedSteps: given.failed_steps,
      changedFiles: given.changed_files,
      maxLines: given.max_lines,
    }) as { agent: string; failure_type: string; confidence: number; rule: string; transient: boolean };
    const rerun = found.transient
      ? ' It looks transient: the failed jobs would be re-run before any agent is sent.'
      : '';
    const { log: _, ...inputs } = given;
    return {
      said: `${found.failure_type}, which is ${found.agent}'s to repair (rule ${found.rule}, confidence ${found.confidence.toFixed(2)}).${rerun}`,
      structured: { ...found, inputs: { ...inputs, log_characters: given.log.length } },
    };
  },
});

export const explainEvent: Tool = tool({
  name: 'explain_event',
  title: 'Say what would happen to an event',
  description:
    'What Healer would do with a delivery (a GitHub webhook body, bare or as an Argo Events sensor wraps it; an Alertmanager webhook; a failed play), and why: accepted, skipped or ignored, with the reason code, the gates it passes, and the agent that would be sent. The same code as the service, on an empty store; nothing is stored or started.',
  input: z.strictObject({
    event: z.record(z.string(), z.unknown()).describe('The JSON body'),
    event_type: name.optional().describe('X-GitHub-Event, for example workflow_run; found out from the body otherwise'),
    log: log.optional().describe('The failed job’s log, for the routing decision'),
  }),
  annotations: READS,
  async run({ event, event_type: eventType, log: text }, { decisions }) {
    const explanation = (await decisions.explain({
      event,
      eventType: eventType ?? null,
      log: text ?? null,
    })) as {
      status: string;
      reason: { code: string; detail: string };
      agent: string | null;
      failure_type: string | null;
    };
    const agent =
      explanation.agent === null ? '' : ` ${explanation.agent} would be sent for ${explanation.failure_type}.`;
    return {
      said: `It would be ${explanation.status} (${explanation.reason.code}: ${explanation.reason.detail}).${agent}`,
      structured: { ...explanation, inputs: { event_type: eventType ?? null, has_log: text !== undefined } },
    };
  },
});

export const getInsights: Tool = tool({
  name: 'get_insights',
  title: 'How well repairs go',
  description:
    'The measures people steer by, over a window: correct routing, duplicates prevented, time to fix, fixed at the first attempt and within three, escalated, deliveries lost; then agents, failure types, and which routing rules to correct.',
  input: z.strictObject({
    days: z.number().positive().max(365).default(30).describe('How far back, in days'),
  }),
  annotations: READS,
  async run({ days }, { api }) {
    const since = new Date(Date.now() - days * DAY).toISOString();
    const insights = bodyOf(await api.get('/api/insights', { since }));
    const targets = insights['targets'] as Readonly<Record<string, { value: number | null; met: boolean | null }>>;
    const missed = Object.entries(targets).filter(([, { met }]) => met === false);
    const words = missed.map(([measure, { value }]) => `${measure} (${value})`).join(', ');
    return {
      said:
        missed.length === 0
          ? `No target was missed in the last ${days} days.`
          : `Missed in the last ${days} days: ${words}.`,
      structured: { ...insights, inputs: { days } },
    };
  },
});
