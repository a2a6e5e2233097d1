import { messageOf } from '../../../lib/errors.ts';
import type { HttpClient } from '../../../lib/http.ts';
import type { Remediation } from '../../../model/remediation.ts';
import { addressOf, connectPeer, type Peer, type PeerConfig } from '../../peer.ts';
import { fillSelector } from '../../query-language.ts';
import { concernsPlatform } from '../../relevance.ts';
import { answer, type ContextSource, type SourceContext } from '../../source.ts';
import { alertsOf, whereabouts } from '../../whereabouts.ts';
import { failedWorkflows, findWorkflow, nodeLog, type Workflow, type WorkflowNode } from './api.ts';

export interface ArgoWorkflowsConfig extends PeerConfig {
  /** Where workflows run; empty for every namespace. */
  readonly namespace: string;
  /** Labels of the workflows of a repository. */
  readonly selector: string;
}

const MAX_WORKFLOWS = 3;
const MAX_NODES = 6;
/** Logs of so many failed nodes of each workflow. */
const MAX_LOGS = 2;
const WORKFLOW_LABELS = ['workflow_name', 'workflow', 'workflows_argoproj_io_workflow'] as const;
/** Nodes that only hold others; their message repeats a child's. */
const GROUPS = new Set(['DAG', 'Steps', 'StepGroup', 'TaskGroup', 'Retry']);

/** The failed workflow that a play or an alert names, or the last failed ones of the repository. */
export function argoWorkflows(http: HttpClient, config: ArgoWorkflowsConfig | null): ContextSource {
  return {
    name: 'argo-workflows',
    budget: { timeMs: 8_000, bytes: 32 * 1024 },
    relevant: concernsPlatform,
    async ask(context) {
      if (config === null) return answer.notConfigured('ARGO_SERVER is not set.');
      const peer = connectPeer(http, config);
      const found = await workflowsFor(peer, context, config);
      const { repository } = context.remediation;
      const [first] = found;
      if (first === undefined) return answer.empty(`No failed workflow of ${repository} is known.`);
      const shown = found.slice(0, MAX_WORKFLOWS);
      const parts = await Promise.all(shown.map((workflow) => inWords(peer, context, workflow)));
      const count = found.length === 1 ? '1 workflow' : `${found.length} workflows`;
      const { name, namespace } = first.metadata;
      return answer.found(
        `${count} of ${repository}; ${name} is ${first.status?.phase ?? 'unknown'}.`,
        parts.join('\n\n'),
        {
          url: addressOf(config.url, ['workflows', namespace ?? config.namespace, name]),
          truncated: found.length > shown.length,
        },
      );
    },
  };
}

async function workflowsFor(
  peer: Peer,
  context: SourceContext,
  config: ArgoWorkflowsConfig,
): Promise<readonly Workflow[]> {
  const names = namesOf(context.remediation, config.namespace);
  const read = await Promise.all(
    names.slice(0, MAX_WORKFLOWS).map(({ namespace, name }) => findWorkflow(peer, context, namespace, name)),
  );
  const named = read.filter((workflow) => workflow !== null);
  if (named.length > 0) return named;
  const { query } = fillSelector(config.selector, whereabouts(context.remediation));
  if (query === null) return [];
  const failed = await failedWorkflows(peer, context, config.namespace, query);
  const shown = failed.slice(0, MAX_WORKFLOWS).map(async (workflow) => {
    const { name, namespace } = workflow.metadata;
    const whole = await findWorkflow(peer, context, namespace ?? config.namespace, name);
    return whole ?? workflow;
  });
  return [...(await Promise.all(shown)), ...failed.slice(MAX_WORKFLOWS)];
}

interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** Workflows that the event itself names: a play runs as one, and alerts about workflows carry a label. */
function namesOf(remediation: Remediation, namespace: string): readonly Place[] {
  const plays = remediation.causes.flatMap((cause) => (cause.kind === 'play_failed' ? [cause.playId] : []));
  const alerts = alertsOf(remediation).flatMap(({ labels }) =>
    WORKFLOW_LABELS.flatMap((key) => (Object.hasOwn(labels, key) ? (labels[key] ?? []) : [])).map((name) => ({
      namespace: labels['namespace'] ?? namespace,
      name,
    })),
  );
  const places = [...plays.map((name) => ({ namespace, name })), ...alerts];
  // Without a namespace a workflow cannot be asked for by name, and what is no name of an object is none.
  const valid = places.filter(
    (place) => place.namespace !== '' && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(place.name),
  );
  return [...new Map(valid.map((place) => [`${place.namespace}/${place.name}`, place])).values()];
}

async function inWords(peer: Peer, context: SourceContext, workflow: Workflow): Promise<string> {
  const { metadata, status } = workflow;
  const failed = Object.values(status?.nodes ?? {}).filter(isFailedStep);
  const logs = await Promise.all(failed.slice(0, MAX_LOGS).map((node) => logInWords(peer, context, workflow, node)));
  const times = [status?.startedAt, status?.finishedAt].filter((time) => time != null).join(' to ');
  return [
    `Workflow ${metadata.name}: ${status?.phase ?? 'unknown'}${times === '' ? '' : ` (${times})`}${after(status?.message)}`,
    ...failed.slice(0, MAX_NODES).flatMap((node, index) => [nodeInWords(node), ...(logs[index] ?? [])]),
    ...(failed.length > MAX_NODES ? [`  and ${failed.length - MAX_NODES} more failed steps`] : []),
  ].join('\n');
}

function isFailedStep({ type, phase }: WorkflowNode): boolean {
  return (phase === 'Failed' || phase === 'Error') && !GROUPS.has(type ?? '');
}

function nodeInWords({ id, displayName, templateName, phase, message, outputs }: WorkflowNode): string {
  const template = templateName == null ? '' : ` (template ${templateName})`;
  const code = outputs?.exitCode == null ? '' : `, exit code ${outputs.exitCode}`;
  return `  step ${displayName ?? id}${template}: ${phase}${code}${after(message)}`;
}

const after = (message: string | null | undefined): string => (message == null || message === '' ? '' : `: ${message}`);

async function logInWords(
  peer: Peer,
  context: SourceContext,
  workflow: Workflow,
  node: WorkflowNode,
): Promise<readonly string[]> {
  if (node.type !== 'Pod') return [];
  try {
    const lines = await nodeLog(peer, context, workflow, node);
    return lines.length === 0 ? ['    its log is gone'] : lines.map((line) => `    ${line.trimEnd()}`);
  } catch (error) {
    return [`    its log could not be read: ${messageOf(error)}`];
  }
}
