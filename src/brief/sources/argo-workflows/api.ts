import { z } from 'zod';
import type { Peer } from '../../peer.ts';
import type { SourceContext } from '../../source.ts';

const text = z.string().nullish();
const metadata = z.object({
  name: z.string(),
  namespace: text,
  annotations: z.record(z.string(), z.string()).nullish(),
});

const node = z.object({
  id: z.string(),
  displayName: text,
  templateName: text,
  templateRef: z.object({ template: text }).nullish(),
  type: text,
  phase: text,
  message: text,
  startedAt: text,
  finishedAt: text,
  outputs: z.object({ exitCode: text }).nullish(),
});

const workflowSchema = z.object({
  metadata,
  status: z
    .object({
      phase: text,
      message: text,
      startedAt: text,
      finishedAt: text,
      progress: text,
      nodes: z.record(z.string(), node).nullish(),
    })
    .nullish(),
});
const listSchema = z.object({ items: z.array(workflowSchema).nullish() });
/** One line of the log's stream. */
const logSchema = z.object({
  result: z.object({ content: text, podName: text }).optional(),
  error: z.object({ message: text }).optional(),
});

export type Workflow = z.output<typeof workflowSchema>;
export type WorkflowNode = z.output<typeof node>;

const LIST_FIELDS = ['name', 'namespace']
  .map((field) => `items.metadata.${field}`)
  .concat(['phase', 'message', 'startedAt', 'finishedAt', 'progress'].map((field) => `items.status.${field}`));
const MAX_LISTED = 20;
const LIST_BYTES = 1024 * 1024;
/** The nodes of a large workflow. */
const WORKFLOW_BYTES = 8 * 1024 * 1024;
const LOG_BYTES = 1024 * 1024;
const LOG_LINES = 60;

/** Failed workflows with the labels, newest first. An empty namespace asks all of them. */
export async function failedWorkflows(
  peer: Peer,
  { signal, now }: SourceContext,
  namespace: string,
  selector: string,
): Promise<readonly Workflow[]> {
  const { items } = await peer.get({
    path: ['api', 'v1', 'workflows', namespace],
    query: [
      ['listOptions.labelSelector', `${selector},workflows.argoproj.io/phase in (Failed,Error)`],
      ['listOptions.limit', String(MAX_LISTED)],
      ['fields', LIST_FIELDS.join(',')],
    ],
    schema: listSchema,
    maxBytes: LIST_BYTES,
    signal,
    now,
  });
  const begin = (workflow: Workflow): string => workflow.status?.startedAt ?? '';
  return (items ?? []).toSorted((a, b) => begin(b).localeCompare(begin(a)));
}

/** One workflow with its nodes; null when there is none of that name. */
export function findWorkflow(
  peer: Peer,
  { signal, now }: SourceContext,
  namespace: string,
  name: string,
): Promise<Workflow | null> {
  const path = ['api', 'v1', 'workflows', namespace, name];
  return peer.find({ path, schema: workflowSchema, maxBytes: WORKFLOW_BYTES, signal, now });
}

/** The last lines of what a node's main container wrote; none when its pod is gone. */
export async function nodeLog(
  peer: Peer,
  { signal, now }: SourceContext,
  { metadata }: Workflow,
  of: WorkflowNode,
): Promise<readonly string[]> {
  const stream = await peer.text({
    path: ['api', 'v1', 'workflows', metadata.namespace ?? '', metadata.name, 'log'],
    query: [
      ['podName', podOf(metadata, of)],
      ['logOptions.container', 'main'],
      ['logOptions.tailLines', String(LOG_LINES)],
    ],
    maxBytes: LOG_BYTES,
    signal,
    now,
  });
  return stream.split('\n').flatMap(readLine).slice(-LOG_LINES);
}

function readLine(line: string): readonly string[] {
  if (line.trim() === '') return [];
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    // A stream that breaks off leaves half a line.
    return [];
  }
  const { success, data } = logSchema.safeParse(entry);
  return success && data.result?.content != null ? [data.result.content] : [];
}

/**
 * The name of a node's pod, as the controller makes it: the node's id, in which the template stands before the number
 * since version 3.4 unless the workflow says otherwise.
 */
function podOf({ name, annotations }: Workflow['metadata'], { id, templateName, templateRef }: WorkflowNode): string {
  const template = templateRef?.template ?? templateName;
  const isOld = annotations?.['workflows.argoproj.io/pod-name-format'] === 'v1';
  if (isOld || template == null || template === '' || !id.startsWith(`${name}-`)) return id;
  return `${name}-${template}${id.slice(name.length)}`;
}
