import { z } from 'zod';
import { FAILURE_TYPE_NAMES } from '../../model/failure-type.ts';
import { PHASES } from '../../model/remediation.ts';
import { MAX_GUIDANCE } from '../../report/api/schemas.ts';
import type { DetailView, SummaryView } from '../../report/api/views.ts';
import { bodyOf } from './answers.ts';
import { ENDS, READS, STARTS, type Tool, type ToolOutcome, tool } from './tool.ts';

const word = z.string().trim().min(1).max(256);
const id = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .describe(
    'The remediation: its task id (ci-12345678, sec-dependabot-7, review-…, play-…, alert-…) or its id (01JD…)',
  );
const by = z.string().trim().min(1).max(100).default('an MCP client').describe('Who asks, for the timeline');

export const listRemediations: Tool = tool({
  name: 'list_remediations',
  title: 'List remediations',
  description:
    'What is being repaired, newest first: task id, repository, branch, phase with its reason, failure type, agent, attempts so far. phase=live gives everything under way; phase=escalated what people have to look at. Give next_cursor back as cursor for the next page.',
  input: z.strictObject({
    phase: z
      .enum([...PHASES, 'live'])
      .optional()
      .describe('live stands for every phase that is not terminal'),
    repository: word.optional().describe('owner/name'),
    branch: word.optional(),
    agent: word.optional().describe('rex, blaze, bolt, cipher or atlas'),
    failure_type: z.enum(FAILURE_TYPE_NAMES as [string, ...string[]]).optional(),
    since: z.string().max(40).optional().describe('Opened at or after: RFC 3339, or a date'),
    limit: z.int().min(1).max(100).default(20),
    cursor: z.string().max(64).optional().describe('next_cursor of the page before'),
  }),
  annotations: READS,
  async run({ repository, ...filter }, { api }) {
    const page = bodyOf(await api.get('/api/remediations', { ...filter, repo: repository }));
    const found = page['remediations'] as SummaryView[];
    const lines = found.map(
      (one) =>
        `- ${one.task_id}: ${one.phase}, ${one.failure_type ?? 'not classified yet'} in ${one.repository} on ${one.branch}, ${one.agent ?? 'no agent yet'}, ${one.attempts} attempts`,
    );
    const head = found.length === 0 ? 'No remediation fits.' : `${found.length} remediations, newest first:`;
    return { said: [head, ...lines].join('\n'), structured: { ...page, filter: { repository, ...filter } } };
  },
});

const PARTS = ['timeline', 'evidence', 'prompt'] as const;

export const getRemediation: Tool = tool({
  name: 'get_remediation',
  title: 'Show one remediation',
  description:
    'Everything about one remediation: phase and reason, what broke with evidence, each attempt with its outcome and what the agent said, the timeline. The prompt of the latest attempt and the findings’ full texts are long, and come only when asked for with include.',
  input: z.strictObject({
    id,
    include: z
      .array(z.enum(PARTS))
      .default(['timeline'])
      .describe('timeline; evidence: excerpt of the log and what every source found; prompt: what the agent was told'),
  }),
  annotations: READS,
  async run({ id: asked, include }, { api }) {
    const detail = bodyOf(await api.get(pathOf(asked))) as unknown as DetailView;
    const { timeline, evidence, prompt, ...rest } = detail;
    const last = detail.attempts.at(-1);
    return {
      said: [
        `${detail.task_id} (${detail.repository}, ${detail.branch}) is ${detail.phase}${detail.reason === null ? '' : `: ${detail.reason.detail}`}.`,
        last === undefined
          ? 'No attempt was made yet.'
          : `Attempt ${last.number} by ${last.agent}: ${last.outcome ?? 'under way'}${last.detail === null ? '' : ` (${last.detail})`}.`,
      ].join(' '),
      structured: {
        ...rest,
        ...(include.includes('timeline') ? { timeline } : {}),
        evidence: include.includes('evidence') ? evidence : briefly(evidence),
        ...(include.includes('prompt') ? { prompt } : {}),
        included: include,
      },
    };
  },
});

/** The decision and its strongest evidence, without the texts. */
function briefly(evidence: DetailView['evidence']): object | null {
  if (evidence === null) return null;
  const { excerpt: _, evidence: lines, ...classification } = evidence.classification;
  return { classification: { ...classification, evidence: lines.slice(0, 5) } };
}

export const retryRemediation: Tool = tool({
  name: 'retry_remediation',
  title: 'Try again, with guidance',
  description:
    'Has the next attempt made, with what a person said about the last one: “it chose the wrong HTTP client, use fetch” becomes guidance, and the next attempt’s prompt holds it. Works on a remediation that is under way or waits, and on one that has ended: then it is begun anew with all attempts ahead of it, and the answer names the new task id. Takes a task of a person’s own as well, by its task id or the name of its run: the same is submitted again, in its session, with the guidance. One call does it.',
  input: z
    .strictObject({
      id,
      guidance: z
        .string()
        .trim()
        .min(1)
        .max(MAX_GUIDANCE)
        .optional()
        .describe('What the next attempt has to know or do differently, in plain words for the agent'),
      mode: z
        .enum(['append', 'replace'])
        .optional()
        .describe(
          'append (default): the guidance comes on top of the evidence; replace: it stands for the usual instructions',
        ),
      by,
    })
    .refine((given) => given.mode === undefined || given.guidance !== undefined, {
      path: ['mode'],
      message: 'says how guidance is used, and there is no guidance',
    }),
  annotations: STARTS,
  async run({ id: asked, ...body }, { api }) {
    const first = await api.post(`${pathOf(asked)}/retry`, body);
    if (first.status === 404) {
      // A task of somebody's own, then: people call both by a short name.
      const task = await api.post(`/api/coderuns/${encodeURIComponent(asked)}/retry`, body);
      if (task.status !== 404 && task.status !== 400) return retriedTask(bodyOf(task), body);
    }
    const answer = bodyOf(first);
    const remediation = answer['remediation'] as SummaryView;
    const isNew = remediation.task_id !== asked && remediation.id !== asked;
    const guided = answer['guidance'] === null ? '' : ' The guidance is kept for its prompt.';
    return {
      said: `${remediation.task_id} is to be tried again${isNew ? ` (begun anew from ${asked})` : ''}; it is ${remediation.phase} now.${guided}`,
      structured: answer,
    };
  },
});

function retriedTask(
  codeRun: Readonly<Record<string, unknown>>,
  asked: { guidance?: string | undefined },
): ToolOutcome {
  const guided = asked.guidance === undefined ? '' : ' The guidance is in its prompt.';
  return {
    said: `Task ${codeRun['task_id']} is tried again: ${codeRun['name']} is attempt ${codeRun['attempt']}.${guided} It stands at ${codeRun['status_url']}.`,
    structured: codeRun,
  };
}

export const cancelRemediation: Tool = tool({
  name: 'cancel_remediation',
  title: 'Stop working on it',
  description:
    'Stops a remediation: a running agent is ended, nothing more is tried. What was pushed already stays. Only for when a person wants it; retry_remediation begins it anew.',
  input: z.strictObject({ id, by }),
  annotations: ENDS,
  async run({ id: asked, by: who }, { api }) {
    const answer = bodyOf(await api.post(`${pathOf(asked)}/cancel`, { by: who }));
    const remediation = answer['remediation'] as SummaryView;
    return { said: `${remediation.task_id} is ${remediation.phase} now.`, structured: answer };
  },
});

function pathOf(asked: string): string {
  return `/api/remediations/${encodeURIComponent(asked)}`;
}
